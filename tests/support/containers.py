"""PostgreSQL and Apache Kafka in Docker, by testcontainers. Ports are bound on 127.0.0.1 only."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import docker
from docker.errors import DockerException
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer, Reaper
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from peerloom_kafka import free_ports, probe

POSTGRES_IMAGE = "postgres:18"
KAFKA_IMAGE = "apache/kafka:4.3.1"

# Without fsync a commit survives a crash of PostgreSQL but not of the machine: no test pulls the plug, and all data is
# thrown away at the end.
_POSTGRES_COMMAND = (
    "postgres -c fsync=off -c full_page_writes=off -c max_connections=300 -c shared_buffers=128MB -c max_wal_size=2GB"
)


_reaper = threading.Lock()


def docker_answers() -> bool:
    """Whether a Docker engine can be used from here."""
    try:
        client = docker.from_env(timeout=5)
        try:
            client.ping()
        finally:
            client.close()
    except DockerException:
        return False
    return True


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL of one's own, as its superuser's postgresql:// address."""
    port = free_ports(1)[0]
    container = PostgresContainer(POSTGRES_IMAGE, username="postgres", password="tests", dbname="postgres")
    container.with_command(_POSTGRES_COMMAND)
    container.ports = _on_loopback({5432: port})
    _start_reaper()
    with container:
        yield f"postgresql://postgres:tests@127.0.0.1:{port}/postgres"


class KafkaContainer(DockerContainer):
    """One broker of Apache Kafka (KRaft), reachable from the host as `bootstrap`; it can be broken and mended."""

    def __init__(self) -> None:
        super().__init__(KAFKA_IMAGE)
        self.port = free_ports(1)[0]
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.ports = _on_loopback({9092: self.port})
        self.waiting_for(LogMessageWaitStrategy("Kafka Server started"))
        for name, value in {
            "KAFKA_NODE_ID": "1",
            "KAFKA_PROCESS_ROLES": "broker,controller",
            "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
            "KAFKA_LISTENERS": "OUTSIDE://:9092,CONTROLLER://:9093",
            "KAFKA_ADVERTISED_LISTENERS": f"OUTSIDE://{self.bootstrap}",
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "OUTSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "KAFKA_INTER_BROKER_LISTENER_NAME": "OUTSIDE",
            "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
            "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
            "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
            "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
            "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "5",
            "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
            "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
            "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
            "KAFKA_HEAP_OPTS": "-Xmx384m",
        }.items():
            self.with_env(name, value)

    def kill(self) -> None:
        """End the broker at once, as a crash does; its data stays."""
        self.get_wrapped_container().kill()

    def restart(self) -> None:
        """Start it again after `kill`; returns when it answers."""
        self.get_wrapped_container().start()
        deadline = time.monotonic() + 60
        while not probe.view(self.port).brokers:
            if time.monotonic() > deadline:
                raise TimeoutError("Kafka did not come back within 60 s")
            time.sleep(0.1)

    def freeze(self) -> None:
        """Stop its clock: connections stay open and nothing is answered."""
        self.get_wrapped_container().pause()

    def thaw(self) -> None:
        """Let it go on."""
        self.get_wrapped_container().unpause()


@contextlib.contextmanager
def kafka() -> Iterator[KafkaContainer]:
    """An Apache Kafka of one's own."""
    _start_reaper()
    with KafkaContainer() as container:
        yield container


def _start_reaper() -> None:
    """Start what removes the containers of a run that was killed; two threads at once would each start one, and fail."""
    with _reaper:
        Reaper.get_instance()


def _on_loopback(ports: dict[int, int]) -> Any:
    """Port bindings as the Docker client takes them; testcontainers' own way would open them to the network."""
    return {str(inside): ("127.0.0.1", outside) for inside, outside in ports.items()}
