"""Settings of feedback: those of every service."""

from peerloom_service.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings of feedback."""
