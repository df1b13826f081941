"""What the issuer is told by its environment; a wrong setting stops the start."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class IssuerSettings(BaseSettings):
    """Environment names carry the prefix `PEERLOOM_ISSUER_`."""

    model_config = SettingsConfigDict(env_prefix="PEERLOOM_ISSUER_", extra="ignore", frozen=True)

    url: str = Field(default="http://127.0.0.1:8100", pattern=r"^https?://[^/]+(/[^/]+)*$", description="The claim iss.")
    host: str = "127.0.0.1"
    port: int = Field(default=8100, ge=1, le=65535)
    operator_secret: SecretStr = Field(min_length=16)
    directory: Path | None = Field(default=None, description="Keeps keys and clients; without it they end with the process.")
    allow_any_host: bool = Field(default=False, description="Listen where others can reach it, as a container must.")

    @model_validator(mode="after")
    def _stay_on_this_machine(self) -> IssuerSettings:
        if not self.allow_any_host and not is_loopback(self.host):
            raise ValueError(
                f"this issuer is for development and does not listen on {self.host}, where others can reach it; "
                "use 127.0.0.1, or set PEERLOOM_ISSUER_ALLOW_ANY_HOST=true inside a container"
            )
        name = urlsplit(self.url).hostname or ""
        if not (is_loopback(name) or "." not in name.removesuffix(".internal")):
            raise ValueError(
                f"this issuer lets anybody sign in as anybody and does not call itself {name}; "
                "its url is an address of this machine, or a name without dots inside Compose"
            )
        return self


def is_loopback(host: str) -> bool:
    """Whether the address, or the name "localhost", can be reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
