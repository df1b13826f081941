"""The whole of Peerloom on one machine. See the README beside this package."""
