"""What is known about a stack: its addresses, secrets and processes, as `state.json` keeps them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal, Self

from peerloom_kafka import KafkaCluster
from peerloom_kafka.processes import Process, Tie

NOT_KEPT: Final = {"kept": False}  # marks what does not go into state.json


class StackError(RuntimeError):
    """The stack cannot be brought up or down; the text is a sentence for people."""


@dataclass
class StackState:
    """A stack by its parts. It is written before every change, so that whoever finds the file finds all that runs.

    `services` are base URLs by name, `databases` the addresses of their databases by name, `postgres` that of the
    server's administrator, `kafka` is "host:port", `issuer` a URL, `client` the credential that `up` has made.
    """

    directory: Path = field(metadata=NOT_KEPT)
    kafka: str
    kafka_is: Literal["embedded", "real", "given"]
    issuer: str
    operator_secret: str
    postgres: str
    postgres_is: Literal["embedded", "given"]
    services: dict[str, str]
    databases: dict[str, str]
    processes: dict[str, Process] = field(default_factory=dict)
    ready: bool = False
    client: dict[str, str] | None = None
    started_here: bool = field(default=False, metadata=NOT_KEPT)
    tie: Tie | None = field(default=None, metadata=NOT_KEPT)

    @classmethod
    def load(cls, directory: Path) -> Self | None:
        """The stack that `directory` tells of, running or not; None when it tells of none."""
        directory = directory.absolute()
        try:
            data = json.loads((directory / "state.json").read_text())
        except FileNotFoundError:
            return None
        processes = {name: Process(**each) for name, each in data.pop("processes").items()}
        return cls(directory=directory, processes=processes, **data)

    def write(self) -> None:
        """Keep it in state.json, which only its owner can read: it holds secrets."""
        data: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self) if not each.metadata}
        data["processes"] = {name: asdict(process) for name, process in self.processes.items()}
        part = self.directory / "state.json.new"
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            json.dump(data, handle, indent=1)
        part.replace(self.directory / "state.json")

    def record(self, name: str) -> Callable[[Process], None]:
        """What `spawn` calls to make the process known under this name."""

        def record(process: Process) -> None:
            self.processes[name] = process
            self.write()

        return record

    @property
    def runs(self) -> bool:
        """Whether every process of the stack still runs."""
        brokers = self.kafka_cluster().brokers if self.kafka_is == "real" else []
        return all(process.runs for process in self.processes.values()) and all(broker.runs for broker in brokers)

    def kafka_cluster(self) -> KafkaCluster:
        """The Apache Kafka of this stack. Raises: KafkaError when it has none."""
        return KafkaCluster.load(self.directory / "kafka")

    def log(self, name: str) -> Path:
        """Where the process of this name writes."""
        return self.directory / "logs" / f"{name}.log"

    def end_of_log(self, name: str) -> str:
        """Where the log lies, and its last lines."""
        lines = self.log(name).read_text(errors="replace").splitlines()[-10:]
        return "\n".join([f"the end of {self.log(name)}:", *lines])
