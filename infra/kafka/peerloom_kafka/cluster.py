"""Apache Kafka on 127.0.0.1: KRaft, one or three brokers, for development and for tests that break them."""

from __future__ import annotations

import base64
import json
import shutil
import signal
import sys
import tempfile
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from peerloom_kafka import jars, probe
from peerloom_kafka.broker import LOG_TO_FILE, Broker, broker_settings
from peerloom_kafka.jars import KafkaError
from peerloom_kafka.ports import free_ports, port_is_free
from peerloom_kafka.processes import Process, Tie, spawn, stop

START_SECONDS = 120  # three brokers on two busy cores have taken half a minute
STOP_SECONDS = 10  # the last of three can wait for a lost quorum for ever


class KafkaCluster:
    """The brokers whose settings, data and logs lie in one directory.

    As a context object it takes the cluster away at the end. A cluster that is `tied` (the default) is also taken away
    when the process that started it ends in any other way, SIGKILL included.
    """

    def __init__(
        self, directory: Path, cluster_id: str, heap: str, settings: Mapping[str, str | int], brokers: list[Broker]
    ) -> None:
        self.directory = directory
        self.cluster_id = cluster_id
        self.heap = heap
        self.settings = dict(settings)
        self.brokers = brokers
        self._tie: Tie | None = None

    @classmethod
    def start(
        cls,
        brokers: int = 1,
        directory: Path | None = None,
        *,
        port: int | None = None,
        heap: str = "384m",
        settings: Mapping[str, str | int] | None = None,
        tied: bool = True,
    ) -> KafkaCluster:
        """Start a new cluster and return when it is ready: all brokers know each other, a group coordinator answers.

        `directory` must not hold a cluster; without it a temporary one is made. `port` is that of the first broker,
        the others follow it; without it they are free ones. `heap` is that of each JVM, in its notation; `settings`
        come on top of ours (the README lists those that differ from Kafka's).
        Raises: KafkaError.
        """
        directory = Path(tempfile.mkdtemp(prefix="peerloom-kafka.")) if directory is None else directory.absolute()
        if (directory / "cluster.json").exists():
            raise KafkaError(f"{directory} already holds a cluster; stop it with wipe, or restart its brokers.")
        cls.fetch()
        return cls._start(brokers, directory, port, heap, settings or {}, tied=tied)

    @classmethod
    def _start(
        cls,
        count: int,
        directory: Path,
        port: int | None,
        heap: str,
        settings: Mapping[str, str | int],
        *,
        tied: bool,
        jvm_options: Iterable[str] = (),
    ) -> KafkaCluster:
        free = free_ports(2 * count)
        ports = free[:count] if port is None else list(range(port, port + count))
        brokers = [Broker(i + 1, ports[i], free[count + i]) for i in range(count)]
        # An id whose text begins with "-" would be taken for an option.
        cluster_id = base64.urlsafe_b64encode(b"\x4a" + uuid.uuid4().bytes[1:])[:22].decode()
        cluster = cls(directory, cluster_id, heap, settings, brokers)
        directory.mkdir(parents=True, exist_ok=True)
        cluster._write()
        if tied:
            package = [sys.executable, "-m", "peerloom_kafka"]
            cluster._tie = Tie([*package, "stop", "--wipe", "--directory", str(directory)])
        try:
            cluster._format()
            cluster._run(brokers, jvm_options)
        except BaseException:
            cluster.stop(wipe=True)
            raise
        return cluster

    @classmethod
    def load(cls, directory: Path) -> KafkaCluster:
        """The cluster that lies in `directory`, whoever started it. Raises: KafkaError when there is none."""
        directory = directory.absolute()
        try:
            data = json.loads((directory / "cluster.json").read_text())
        except FileNotFoundError:
            raise KafkaError(f"there is no Kafka cluster in {directory}.") from None
        brokers = [
            Broker(**{**broker, "process": broker["process"] and Process(**broker["process"])})
            for broker in data.pop("brokers")
        ]
        return cls(directory, brokers=brokers, **data)

    @classmethod
    def fetch(cls) -> Path:
        """The cache with the jars and the class archive; downloads and makes them once. Safe in parallel.

        Raises: KafkaError.
        """
        cache = jars.cache()
        if not ((cache / "jars").exists() and jars.class_archive().exists()):
            with jars.locked(cache):
                jars.download()
                if not jars.class_archive().exists():
                    cls._make_class_archive()
        return cache

    @classmethod
    def _make_class_archive(cls) -> None:
        """Run a broker once; at its orderly end its JVM writes down the classes that it loaded."""
        archive = jars.class_archive()
        new = archive.with_suffix(".new")
        directory = Path(tempfile.mkdtemp(prefix="peerloom-kafka."))
        option = f"-XX:ArchiveClassesAtExit={new}"
        with cls._start(1, directory, None, "384m", {}, tied=True, jvm_options=[option]) as cluster:
            process = cluster.brokers[0].process
            if process and stop([process], grace=60):
                raise KafkaError("the broker that was to write the class archive did not end within 60 s.")
        new.replace(archive)

    def __enter__(self) -> KafkaCluster:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop(wipe=True)

    @property
    def bootstrap(self) -> str:
        """The brokers' addresses, "host:port,host:port"."""
        return ",".join(f"127.0.0.1:{broker.port}" for broker in self.brokers)

    def broker(self, number: int) -> Broker:
        """The broker with this number, from 1. Raises: KafkaError when there is none."""
        for broker in self.brokers:
            if broker.number == number:
                return broker
        raise KafkaError(f"there is no broker {number}; this cluster has 1 to {len(self.brokers)}.")

    def kill(self, number: int) -> None:
        """End the broker at once (SIGKILL), as a crash does."""
        if process := self.broker(number).process:
            stop([process], grace=0)

    def freeze(self, number: int) -> None:
        """Stop the broker's clock (SIGSTOP): its connections stay open and it says nothing."""
        broker = self.broker(number)
        if broker.process:
            broker.process.send(signal.SIGSTOP)
            broker.frozen = True
            self._write()

    def thaw(self, number: int) -> None:
        """Let a frozen broker go on."""
        broker = self.broker(number)
        if broker.process:
            broker.process.send(signal.SIGCONT)
            broker.frozen = False
            self._write()

    def restart(self, *numbers: int) -> None:
        """Stop these brokers where they run, start them again, and wait until all replicas are in sync.

        More brokers dead than the quorum can lose have to be named in one call: alone, none would become ready.
        """
        self.fetch()
        brokers = [self.broker(number) for number in numbers]
        stop([broker.process for broker in brokers if broker.process], STOP_SECONDS)
        self._run(brokers)

    def stop(self, *, wipe: bool = False) -> None:
        """Stop all brokers; their data stays, for `restart`. With `wipe`: kill them and delete the directory."""
        stop([broker.process for broker in self.brokers if broker.process], 0 if wipe else STOP_SECONDS)
        if wipe:
            shutil.rmtree(self.directory, ignore_errors=True)
            if self._tie:
                self._tie.cut()

    def status(self) -> dict[int, str]:
        """Of each broker by number: "ready", "not ready", "frozen" or "stopped"."""
        serving = [broker for broker in self.brokers if broker.runs and not broker.frozen]
        known = set().union(*(probe.view(broker.port).brokers for broker in serving))

        def state(broker: Broker) -> str:
            if not broker.runs:
                return "stopped"
            if broker.frozen:
                return "frozen"
            return "ready" if broker.number in known else "not ready"

        return {broker.number: state(broker) for broker in self.brokers}

    def _write(self) -> None:
        part = self.directory / "cluster.json.tmp"
        data = {"cluster_id": self.cluster_id, "heap": self.heap, "settings": self.settings}
        part.write_text(json.dumps({**data, "brokers": [asdict(broker) for broker in self.brokers]}, indent=1))
        part.replace(self.directory / "cluster.json")

    def _home(self, broker: Broker) -> Path:
        return self.directory / f"broker-{broker.number}"

    def _format(self) -> None:
        """Write the brokers' settings and format their storage."""
        for broker in self.brokers:
            home = self._home(broker)
            home.mkdir()
            settings = broker_settings(broker, self.brokers, home / "data") | self.settings
            (home / "server.properties").write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
            (home / "log4j2.properties").write_text(LOG_TO_FILE.format(file=home / "server.log"))
        arguments = ["format", "--cluster-id", self.cluster_id, "--config"]
        for broker in self.brokers:
            self._spawn(broker, "-Xmx128m", "kafka.tools.StorageTool", *arguments)
        while any(broker.runs for broker in self.brokers):
            time.sleep(0.02)
        for broker in self.brokers:
            if broker.process and broker.process.exit_code:
                raise KafkaError(f"the storage of broker {broker.number} could not be formatted:\n{self._tail(broker)}")

    def _spawn(self, broker: Broker, *line: str) -> None:
        """Run Java with `line` and the path of the broker's settings as last argument."""
        home = self._home(broker)

        def record(process: Process) -> None:
            broker.process, broker.frozen = process, False
            self._write()

        log = f"-Dlog4j2.configurationFile={home / 'log4j2.properties'}"
        spawn([*jars.command(), log, *line, home / "server.properties"], log=home / "out.log", record=record)

    def _run(self, brokers: list[Broker], jvm_options: Iterable[str] = ()) -> None:
        """Start these brokers; return when all that run know each other, are in sync and answer for groups."""
        for broker in brokers:
            for port in (broker.port, broker.controller_port):
                if not port_is_free(port):
                    raise KafkaError(f"port {port}, for Kafka broker {broker.number}, is in use by another process.")
        for broker in brokers:
            self._spawn(broker, f"-Xmx{self.heap}", *jvm_options, "kafka.Kafka")
        alive = [broker for broker in self.brokers if broker.runs and not broker.frozen]
        numbers = {broker.number for broker in alive}
        deadline = time.monotonic() + START_SECONDS
        while True:
            views = [probe.view(broker.port) for broker in alive]
            in_sync = all(numbers <= view.brokers and not view.behind for view in views)
            if in_sync and probe.groups_work(alive[0].port):
                return
            for broker in brokers:
                if not broker.runs:
                    raise KafkaError(f"Kafka broker {broker.number} ended while starting:\n{self._tail(broker)}")
            if time.monotonic() > deadline:
                text = "\n".join(self._tail(broker) for broker in brokers)
                raise KafkaError(f"Kafka was not ready after {START_SECONDS} s:\n{text}")
            time.sleep(0.05)

    def _tail(self, broker: Broker) -> str:
        """The end of what the broker logged, without stack frames."""
        lines: list[str] = []
        for path in (self._home(broker) / "server.log", self._home(broker) / "out.log"):
            if path.exists():
                text = path.read_text(errors="replace").splitlines()
                lines += [f"--- {path}", *[line for line in text if not line.startswith("\tat ")][-10:]]
        return "\n".join(lines)
