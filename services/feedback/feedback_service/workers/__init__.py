"""What feedback's worker does beside its consumer."""
