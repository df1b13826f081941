"""The stack in containers, as docker-compose.yml describes it.

It has a project name of its own, so that taking it down never deletes what somebody keeps in the stack of `docker compose up`.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from peerloom_dev.stack import SERVICES
from peerloom_dev.state import StackError
from peerloom_kafka.ports import port_is_free
from peerloom_kafka.processes import Tie

COMPOSE_FILE: Final = Path(__file__).parents[3] / "docker-compose.yml"
PROJECT: Final = "peerloom-demo"
WAIT_SECONDS: Final = 300

Container = dict[str, Any]


@dataclass
class ComposeStack:
    """A stack that is up in containers: `services` and `issuer` are URLs on this machine, `kafka` is "host:port".

    As a context object it is taken down at the end, unless it was up before.
    """

    services: dict[str, str]
    kafka: str
    issuer: str
    operator_secret: str
    tie: Tie | None = field(default=None, repr=False)

    @classmethod
    def up(cls, on_step: Callable[[str], None] = lambda _: None) -> ComposeStack:
        """Build the images, start everything and return when all of it is healthy; a stack that is up stays as it is.

        That may be one that `docker compose up` has started. Ports and secrets come from the environment, as
        docker-compose.yml says. `on_step` is told each step. The stack is taken down when this process ends, even by SIGKILL.
        Blocks; inside an event loop call it by `asyncio.to_thread`.
        Raises: StackError; then nothing is left but images.
        """
        _require_engine()
        model: dict[str, Any] = json.loads(_compose("config", "--format", "json"))
        stack = cls(
            services={name: f"http://127.0.0.1:{_port(model, f'{name}-api')}" for name in _service_names(model)},
            kafka=f"127.0.0.1:{_port(model, 'kafka')}",
            issuer=f"http://127.0.0.1:{_port(model, 'issuer')}",
            operator_secret=model["services"]["issuer"]["environment"]["PEERLOOM_ISSUER_OPERATOR_SECRET"],
        )
        lasting = {name for name, service in model["services"].items() if "healthcheck" in service}
        for project in (str(model["name"]), PROJECT):
            if lasting <= {each["Service"] for each in _containers(project) if each["Health"] == "healthy"}:
                on_step(f"the containers of {project} are up already")
                return stack
        if _containers(PROJECT):
            raise StackError(
                f"Some containers of {PROJECT} are there: another start is at work, or one was cut off. "
                f"`docker compose --project-name {PROJECT} down --volumes` removes them."
            )
        _refuse_taken_ports(model)
        on_step("building the images; the first time that takes a minute or two")
        _compose("build")
        on_step("the images are built")
        stack.tie = Tie(["docker", "compose", *_place(PROJECT), *_DOWN])
        try:
            _start()
        except BaseException:
            stack._end()
            raise
        on_step(f"{len(lasting)} containers are healthy")
        return stack

    @staticmethod
    def down() -> bool:
        """Take down what `up` has started, with all its data; False when there was nothing. Raises: StackError."""
        _require_engine()
        was_there = bool(_containers(PROJECT))
        _compose(*_DOWN, project=PROJECT)
        return was_there

    def __enter__(self) -> ComposeStack:
        return self

    def __exit__(self, *error: object) -> None:
        self._end()

    def _end(self) -> None:
        if self.tie:
            self.down()
            self.tie.cut()


@dataclass
class RunningStack:
    """The stack this process is in, as a container among its containers: `docker compose --profile demo up`. It stays up."""

    services: dict[str, str]
    kafka: str
    issuer: str
    operator_secret: str

    @classmethod
    def of_environment(cls) -> RunningStack:
        """By the names containers have; the operator's secret is in PEERLOOM_OPERATOR_SECRET. Raises: StackError."""
        secret = os.environ.get("PEERLOOM_OPERATOR_SECRET")
        if not secret:
            raise StackError(
                "PEERLOOM_OPERATOR_SECRET is not set; `docker compose --profile demo up` gives it to the container."
            )
        services = {one.name: f"http://{one.name}-api:8000" for one in SERVICES}
        return cls(services, "kafka:19092", "http://issuer:8100", secret)

    def __enter__(self) -> RunningStack:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing of it is ours to take down."""


_DOWN: Final = ("down", "--volumes", "--remove-orphans")


def _start() -> None:
    try:
        _compose("up", "--no-build", "--wait", "--wait-timeout", str(WAIT_SECONDS), project=PROJECT)
    except StackError as error:
        wrong = [each["Service"] for each in _containers(PROJECT) if _has_failed(each)]
        logs = _compose("logs", "--no-color", "--tail", "10", *wrong, project=PROJECT) if wrong else ""
        raise StackError(f"{error}\n{logs}".rstrip()) from error


def _has_failed(container: Container) -> bool:
    ended_well = container["State"] == "exited" and container["ExitCode"] == 0
    return not ended_well and container["State"] != "created" and container["Health"] != "healthy"


def _require_engine() -> None:
    """Raises: StackError, saying what is missing."""
    try:
        engine = subprocess.run(["docker", "version"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise StackError(
            "There is no `docker` here; install Docker with its Compose plugin, or take --stack embedded."
        ) from None
    if engine.returncode:
        reason = (engine.stderr.strip().splitlines() or ["it did not say why"])[-1]
        raise StackError(f"No Docker engine answers ({reason}); start it, or take --stack embedded.")
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode:
        raise StackError("Docker is here without its Compose plugin; install that, or take --stack embedded.")


def _service_names(model: dict[str, Any]) -> list[str]:
    return [name.removesuffix("-api") for name in model["services"] if name.endswith("-api")]


def _port(model: dict[str, Any], service: str) -> int:
    """The port on this machine where the service is published."""
    return int(model["services"][service]["ports"][0]["published"])


def _refuse_taken_ports(model: dict[str, Any]) -> None:
    for name, service in model["services"].items():
        for port in service.get("ports", ()):
            if not port_is_free(int(port["published"])):
                variable = f"PEERLOOM_PORT_{name.removesuffix('-api').upper()}"
                raise StackError(f"Port {port['published']}, for {name}, is in use; end what uses it, or set {variable}.")


def _containers(project: str) -> list[Container]:
    """Every container of the project, ended ones too."""
    return [json.loads(line) for line in _compose("ps", "--all", "--format", "json", project=project).splitlines()]


def _place(project: str | None) -> list[str]:
    return ["--file", str(COMPOSE_FILE), *(["--project-name", project] if project else [])]


def _compose(*arguments: str, project: str | None = None) -> str:
    """What `docker compose` prints. Raises: StackError with the end of what it complains of."""
    done = subprocess.run(
        ["docker", "compose", "--progress", "plain", *_place(project), *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        complaint = "\n".join(done.stderr.strip().splitlines()[-15:])
        raise StackError(f"`docker compose {arguments[0]}` failed:\n{complaint}")
    return done.stdout
