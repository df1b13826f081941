"""What profile is told: what every service is."""

from peerloom_service.settings import ServiceSettings


class Settings(ServiceSettings):
    """Nothing beyond that."""
