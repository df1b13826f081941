"""Settings of integrations: those of every service, how long events are kept, and where webhooks may lead."""

from ipaddress import IPv4Network, IPv6Network

from pydantic import Field

from peerloom_service.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings of integrations."""

    log_days: int = Field(default=35, ge=30, le=3650, description="Days an event can be read.")
    stream_seconds: float = Field(default=900, gt=0, description="A stream ends after so long; whoever reads it resumes.")
    longest_wait_seconds: float = Field(default=30, ge=0, le=60, description="Longest `wait` of a pull.")
    webhook_timeout_seconds: float = Field(default=15, gt=0, le=30, description="How long a receiver may take to answer.")
    webhook_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(), description="Networks that are not public, to which webhooks may lead all the same."
    )
