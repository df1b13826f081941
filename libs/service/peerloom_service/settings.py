"""Settings of a service process, from the environment. A wrong one stops the start with a sentence that names it."""

import sys
from typing import Literal, NoReturn, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """What every service is told. Environment names carry the prefix `PEERLOOM_`."""

    model_config = SettingsConfigDict(env_prefix="PEERLOOM_", extra="ignore", frozen=True)

    environment: Literal["local", "production"] = "production"
    database_url: str = Field(pattern=r"^postgres(ql)?://", repr=False)
    database_connections: int = Field(default=10, ge=2, le=200)
    kafka_bootstrap: str = Field(min_length=3)
    kafka_idempotent: bool = True
    kafka_replication: int = Field(default=1, ge=1, le=9)
    kafka_session_ms: int = Field(default=45_000, ge=1_000, le=300_000, description="Silence after which a member is out.")
    auth_issuer: str = Field(pattern=r"^https?://")
    auth_audience: str = "peerloom"
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8000, ge=1, le=65535)
    health_port: int | None = Field(default=None, ge=1, le=65535)
    body_limit: int = Field(default=1_048_576, ge=1024, description="Bytes of a request body; uploads have their own.")
    head_limit: int = Field(default=32_768, ge=1024, description="Bytes of a request's line and headers.")
    request_seconds: int = Field(
        default=20, ge=1, description="In which a request's head, and each part of its body, must come."
    )
    keep_alive_seconds: int = Field(
        default=65, ge=1, description="A connection may be idle; longer than a load balancer keeps it."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    trace_share: float = Field(default=1.0, ge=0.0, le=1.0, description="Share of traces sampled when they are exported.")

    @model_validator(mode="after")
    def _refuse_what_is_unsafe(self) -> Self:
        if self.environment == "production" and urlsplit(self.auth_issuer).scheme != "https":
            raise ValueError("auth_issuer must be an https:// address in production (PEERLOOM_ENVIRONMENT=local allows http)")
        return self


AnySettings = TypeVar("AnySettings", bound=ServiceSettings)


def read_settings(kind: type[AnySettings], service: str) -> AnySettings:
    """Settings from the environment, or the end of the process with one line for each that is wrong."""
    try:
        return kind.model_validate({})
    except ValidationError as error:
        _refuse(service, error)


def _refuse(service: str, error: ValidationError) -> NoReturn:
    for finding in error.errors():
        name = "PEERLOOM_" + "_".join(str(part) for part in finding["loc"]).upper() if finding["loc"] else "settings"
        message = "is not set" if finding["type"] == "missing" else finding["msg"]
        print(f"{service}: {name}: {message}", file=sys.stderr)
    raise SystemExit(2)
