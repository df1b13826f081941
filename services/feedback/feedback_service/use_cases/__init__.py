"""What feedback does: each function is one transaction, or a part of the one an event is handled in."""
