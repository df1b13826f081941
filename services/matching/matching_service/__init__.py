"""The matching service: who is brought together, and why."""
