"""The whole stack on one machine: PostgreSQL, a Kafka-protocol broker, the issuer, and every service as a process."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from peerloom_dev import databases, embedded
from peerloom_dev.launch import is_ready, launch, refuse_what_is_taken, take_down
from peerloom_dev.state import StackError, StackState
from peerloom_kafka.processes import Tie
from peerloom_service.manifest import Manifest, manifests

DIRECTORY: Final = Path("build/local")
BASE_PORT: Final = 8100
"""The issuer's port; those of the services, in their manifests, follow it."""

POSTGRES_OFFSET: Final = 32
KAFKA_OFFSET: Final = 92

ROOT: Final = Path(__file__).parents[3]
SERVICES: Final = manifests(ROOT / "services")


@dataclass
class Stack(StackState):
    """A stack that is up: `services`, `kafka`, `issuer`, `operator_secret` and the rest say where and how to use it.

    As a context object it is taken down at the end, unless it was up before.
    """

    @classmethod
    def up(
        cls,
        directory: Path = DIRECTORY,
        *,
        base_port: int = BASE_PORT,
        kafka: Literal["embedded", "real"] = "embedded",
        services: Sequence[Manifest] = SERVICES,
        on_step: Callable[[str], None] = lambda _: None,
        tied: bool = False,
    ) -> Stack:
        """Bring the stack up and return when every service says that it is ready; a stack that is up stays as it is.

        PEERLOOM_LOCAL_POSTGRES (an administrator's postgresql:// address) and PEERLOOM_LOCAL_KAFKA (host:port) name
        servers to use instead of the embedded ones. `on_step` is told each step. A `tied` stack is taken down when this process
        ends, even by SIGKILL. Blocks; inside an event loop call it by `asyncio.to_thread`.
        Raises: StackError, EmbeddedError, KafkaError, DatabaseError; then nothing but logs is left.
        """
        directory = directory.absolute()
        with _alone_in(directory):
            old = cls.load(directory)
            if old is not None:
                if old.ready and old.runs:
                    return old
                on_step("taking down what an earlier start left")
                take_down(old)
            stack = _planned(directory, base_port, kafka, services)
            refuse_what_is_taken(stack)
            stack.write()
            if tied:
                stack.tie = Tie([sys.executable, "-m", "peerloom_dev", "down", "--directory", directory])
            try:
                launch(stack, services, on_step)
            except BaseException:
                take_down(stack, keep_logs=True)
                if stack.tie:
                    stack.tie.cut()
                raise
        stack.started_here = True
        return stack

    @staticmethod
    def down(directory: Path = DIRECTORY) -> bool:
        """Take the stack down and delete all that it left, logs too; False when there was none.

        Raises: StackError, DatabaseError.
        """
        directory = directory.absolute()
        if not directory.exists():
            return False
        with _alone_in(directory):
            state = StackState.load(directory)
            if state is not None:
                take_down(state)
            shutil.rmtree(directory / "logs", ignore_errors=True)
        return state is not None

    def __enter__(self) -> Stack:
        return self

    def __exit__(self, *error: object) -> None:
        if self.started_here:
            self.down(self.directory)
            if self.tie:
                self.tie.cut()

    def status(self) -> dict[str, str]:
        """Of each part by name: "ready", "not ready" or "stopped"; "given" for servers that are not ours."""
        states: dict[str, str] = {"postgres": self.postgres_is, "kafka": self.kafka_is}
        for name, process in self.processes.items():
            url = self.issuer if name == "issuer" else self.services.get(name)
            ready = process.runs and (url is None or is_ready(url))
            states[name] = "ready" if ready else "not ready" if process.runs else "stopped"
        if self.kafka_is == "real":
            states["kafka"] = ", ".join(self.kafka_cluster().status().values())
        return states

    def keep_client(self, client: dict[str, str]) -> None:
        """Remember a client's credential for whoever asks for the stack again."""
        self.client = client
        self.write()


def _planned(directory: Path, base_port: int, kafka: Literal["embedded", "real"], services: Sequence[Manifest]) -> Stack:
    """Where everything will be, and its secrets; nothing is made yet."""
    given_postgres = os.environ.get("PEERLOOM_LOCAL_POSTGRES")
    given_kafka = os.environ.get("PEERLOOM_LOCAL_KAFKA")
    postgres = given_postgres or embedded.postgres_address(base_port + POSTGRES_OFFSET, secrets.token_urlsafe(24))
    return Stack(
        directory=directory,
        kafka=given_kafka or f"127.0.0.1:{base_port + KAFKA_OFFSET}",
        kafka_is="given" if given_kafka else kafka,
        issuer=f"http://127.0.0.1:{base_port}",
        operator_secret=secrets.token_urlsafe(32),
        postgres=postgres,
        postgres_is="given" if given_postgres else "embedded",
        services={each.name: f"http://127.0.0.1:{base_port + each.port - BASE_PORT}" for each in services},
        databases={each.name: databases.owner_address(postgres, f"peerloom_{base_port}_{each.name}") for each in services},
    )


@contextlib.contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    """One `up` or `down` at a time; the directory is removed at the end when nothing is in it."""
    directory.mkdir(parents=True, exist_ok=True)
    lock = directory / ".lock"
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(f"Another `up` or `down` is at work in {directory}; wait for it, or end it.") from None
        try:
            yield
        finally:
            if list(directory.iterdir()) == [lock]:
                lock.unlink()
                directory.rmdir()
