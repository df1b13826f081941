"""Settings of sessions beyond those of every service."""

from typing import Self

from pydantic import Field, model_validator

from peerloom_service.settings import ServiceSettings


class Settings(ServiceSettings):
    """What invites carry, and whether integrators may try the months ahead."""

    calendar_domain: str = Field(
        default="peerloom.invalid",
        pattern=r"^[a-z0-9.-]{3,200}$",
        description="Domain of the addresses and UIDs in invites; whoever sends them replaces the participants' addresses.",
    )
    test_clocks: bool = Field(default=False, description="Lets an organisation put its clock forward; never in production.")

    @model_validator(mode="after")
    def _refuse_test_clocks_in_earnest(self) -> Self:
        if self.test_clocks and self.environment != "local":
            raise ValueError("PEERLOOM_TEST_CLOCKS is for PEERLOOM_ENVIRONMENT=local only: it lets clients change the time")
        return self
