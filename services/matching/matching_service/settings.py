"""What matching is told beyond what every service is."""

from peerloom_service.settings import ServiceSettings


class Settings(ServiceSettings):
    """Matching needs nothing of its own: what a match is worth is a policy, not a setting."""
