"""One broker: its identity, its process, and the settings it is started with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from peerloom_kafka.processes import Process

LOG_TO_FILE = """status = error
appender.f.type = RollingFile
appender.f.name = f
appender.f.fileName = {file}
appender.f.filePattern = {file}.%i
appender.f.layout.type = PatternLayout
appender.f.layout.pattern = %d %p %m (%c)%n
appender.f.policies.type = SizeBasedTriggeringPolicy
appender.f.policies.size = 16MB
appender.f.strategy.type = DefaultRolloverStrategy
appender.f.strategy.max = 3
rootLogger.level = INFO
rootLogger.appenderRef.f.ref = f
"""


@dataclass
class Broker:
    """One broker and controller: its number (Kafka's node id), ports and, once started, its process."""

    number: int
    port: int
    controller_port: int
    process: Process | None = None
    frozen: bool = False

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.runs


def broker_settings(broker: Broker, brokers: list[Broker], data: Path) -> dict[str, str | int]:
    """The broker's server.properties; the README says which of them are not Kafka's defaults, and why."""
    copies, in_sync = (3, 2) if len(brokers) >= 3 else (1, 1)
    settings: dict[str, str | int] = {
        "process.roles": "broker,controller",
        "node.id": broker.number,
        "controller.quorum.voters": ",".join(f"{each.number}@127.0.0.1:{each.controller_port}" for each in brokers),
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "listeners": f"PLAINTEXT://127.0.0.1:{broker.port},CONTROLLER://127.0.0.1:{broker.controller_port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(data),
        "auto.create.topics.enable": "false",
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "broker.session.timeout.ms": 5000,  # a killed broker is replaced as leader after this time
        "broker.heartbeat.interval.ms": 1000,
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        "log.cleaner.backoff.ms": 1000,
        "log.cleaner.dedupe.buffer.size": 16 << 20,
        "log.retention.check.interval.ms": 5000,
        "log.initial.task.delay.ms": 1000,
    }
    for internal in ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic"):
        settings |= {f"{internal}.replication.factor": copies, f"{internal}.num.partitions": 6}
    for internal in ("transaction.state.log", "share.coordinator.state.topic"):
        settings[f"{internal}.min.isr"] = in_sync
    return settings
