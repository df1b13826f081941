"""Integrations: every event in one log, which others pull, stream or have pushed to them."""
