"""What matching is told beyond what every service is."""

from pydantic import Field

from peerloom_service.settings import ServiceSettings


class Settings(ServiceSettings):
    """How long it remembers; what a match is worth is a policy, not a setting."""

    stored_runs_kept_days: int = Field(
        default=365, ge=1, description="Days after which a run's people and answer are dropped; its certificate stays."
    )
