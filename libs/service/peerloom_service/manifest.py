"""What a service is, as data: the file `manifest.toml` beside its `main.py`.

Everything that runs, tests, documents or deploys services reads it, and nothing else names them: a service is added by its
folder. It can be read without importing the service.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Process = Literal["api", "worker"]


class ManifestError(ValueError):
    """A manifest is wrong; the text is a sentence that names the file."""


class Sizing(BaseModel):
    """What a process is given where containers are measured: Kubernetes quantities, and why so much."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cpu: str
    memory: str
    memory_limit: str
    scratch: str = "128Mi"
    reason: str = ""


class Manifest(BaseModel):
    """A service by name.

    `port`: where its API is on a developer's machine. `processes`: what it runs as, beside `migrate`. `scopes`: what each
    lets a caller do; those in `operator_scopes` are for the operator of the platform, not for an organisation's clients.
    `publishes`, `subscribes`, `tasks`: topics it sends to, reads, and takes long work from. `local`: settings it is given,
    beside the usual ones, wherever all of Peerloom runs on one machine. `sizes`: by process (`api`, `worker`, `tasks`) what it
    needs where the usual does not do. `calls_out`: whether its workers call addresses outside, such as webhooks.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    description: str = Field(min_length=1)
    port: int = Field(default=8000, ge=1, le=65535)
    processes: tuple[Process, ...] = ("api", "worker")
    scopes: dict[str, str] = {}
    operator_scopes: frozenset[str] = frozenset()
    publishes: tuple[str, ...] = ()
    subscribes: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    local: dict[str, str] = {}
    sizes: dict[str, Sizing] = {}
    calls_out: bool = False

    @classmethod
    def read(cls, file: Path) -> Self:
        """The manifest in this file. Raises: ManifestError, OSError."""
        try:
            return cls.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
        except (tomllib.TOMLDecodeError, ValidationError) as error:
            raise ManifestError(f"{file}: {error}") from error

    @classmethod
    def beside(cls, module: str) -> Self:
        """The manifest in the folder of a module, given as its `__file__`."""
        return cls.read(Path(module).with_name("manifest.toml"))

    @cached_property
    def module(self) -> str:
        """The package that `python -m` runs."""
        return f"{self.name}_service"

    @cached_property
    def organisation_scopes(self) -> tuple[str, ...]:
        """What a client of an organisation may be given."""
        return tuple(scope for scope in self.scopes if scope not in self.operator_scopes)

    @model_validator(mode="after")
    def _names_what_it_explains(self) -> Self:
        if unexplained := self.operator_scopes - self.scopes.keys():
            raise ValueError(f"scopes does not say what {', '.join(sorted(unexplained))} means")
        return self


def manifests(services: Path) -> tuple[Manifest, ...]:
    """Every service below the folder `services`, in the order of their ports.

    Raises: ManifestError where one is wrong, or two share a name, a port or a scope.
    """
    found = sorted(map(Manifest.read, services.glob("*/*_service/manifest.toml")), key=lambda one: one.port)
    for what, values in (
        ("name", [one.name for one in found]),
        ("port", [one.port for one in found]),
        ("scope", [scope for one in found for scope in one.scopes]),
    ):
        if twice := _twice(values):
            raise ManifestError(f"two services below {services} have the {what} {twice}")
    return tuple(found)


def _twice(values: Iterable[str | int]) -> str:
    return ", ".join(str(value) for value, count in Counter(values).items() if count > 1)
