"""The rules of surveys, recognition and concerns. Pure: no I/O, no clock."""
