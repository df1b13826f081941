"""What profile is told beyond what every service is."""

from pydantic import Field

from peerloom_service.settings import ServiceSettings


class Settings(ServiceSettings):
    """Limits of a people file."""

    import_bytes: int = Field(default=256 * 1024 * 1024, ge=1024)
    import_rows: int = Field(default=250_000, ge=1)
