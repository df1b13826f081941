"""Feedback: surveys about sessions, and the answers to them."""
