"""What feedback is told: no more than every service is."""

from peerloom_service.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings of feedback."""
