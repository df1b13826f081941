"""The command `peerloom`."""
