"""Deliveries: who is due, what is sent, and that it only ever goes where it may."""
