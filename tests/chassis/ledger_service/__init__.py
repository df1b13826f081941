"""The smallest service with everything of the chassis in it, for tests that break the chassis."""
