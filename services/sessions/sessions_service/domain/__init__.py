"""The rules of relationships and their sessions. Pure: no I/O, no clock."""
