"""The chassis of every Peerloom service. It holds no business word."""
