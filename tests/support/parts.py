"""The real parts tests run on, in the order of choice: given addresses, containers, Kafka's own jars, embedded.

Addresses: PEERLOOM_TEST_POSTGRES (an administrator's postgresql:// address) and PEERLOOM_TEST_KAFKA (host:port), each for
itself. PEERLOOM_TEST_PARTS (containers, jars or embedded) names a rung of the ladder instead of the first that is there.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import peerloom_kafka
from peerloom_dev import embedded
from peerloom_kafka import KafkaCluster

Kind = Literal["containers", "jars", "embedded"]


class Broker(Protocol):
    """A Kafka of one's own that can be broken and mended. All calls block."""

    @property
    def bootstrap(self) -> str: ...
    def kill(self) -> None: ...
    def restart(self) -> None: ...
    def freeze(self) -> None: ...
    def thaw(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """Where PostgreSQL and Kafka come from; an address that was given goes before `kind`."""

    kind: Kind
    postgres: str | None
    kafka: str | None

    @property
    def kafka_is_real(self) -> bool:
        """Whether it is Apache Kafka (a given address is taken to be), so that producers may be idempotent."""
        return self.kafka is not None or self.kind != "embedded"

    @property
    def breakable(self) -> bool:
        """Whether a Kafka of a test's own can be started and broken."""
        return self.kind != "embedded"

    def __str__(self) -> str:
        made = {
            "containers": ("postgres:18 by testcontainers", "apache/kafka:4.3.1 by testcontainers"),
            "jars": ("PostgreSQL 18 embedded", "Apache Kafka by Maven"),
            "embedded": ("PostgreSQL 18 embedded", "the embedded Kafka-protocol broker (tests of real Kafka are skipped)"),
        }
        postgres, kafka = made[self.kind]
        return f"{'PostgreSQL as given' if self.postgres else postgres}, {'Kafka as given' if self.kafka else kafka}"


@functools.cache
def choice() -> Choice:
    """What this machine offers. Starts nothing."""
    return Choice(_kind(), os.environ.get("PEERLOOM_TEST_POSTGRES"), os.environ.get("PEERLOOM_TEST_KAFKA"))


def _kind() -> Kind:
    named = os.environ.get("PEERLOOM_TEST_PARTS")
    if named is not None:
        if named not in ("containers", "jars", "embedded"):
            raise ValueError(f"PEERLOOM_TEST_PARTS is containers, jars or embedded, not {named!r}")
        return named  # type: ignore[return-value]
    if importlib.util.find_spec("testcontainers") is not None:
        from tests.support.containers import docker_answers

        if docker_answers():
            return "containers"
    return "jars" if peerloom_kafka.available() is None else "embedded"


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """Administrator's address of a PostgreSQL 18. Blocks."""
    chosen = choice()
    if chosen.postgres:
        yield chosen.postgres
    elif chosen.kind == "containers":
        from tests.support import containers

        with containers.postgres() as address:
            yield address
    else:
        with embedded.postgres() as address:
            yield address


@contextlib.contextmanager
def kafka() -> Iterator[str]:
    """Bootstrap address of a Kafka. Blocks."""
    chosen = choice()
    if chosen.kafka:
        yield chosen.kafka
    elif chosen.kind == "embedded":
        with embedded.broker() as bootstrap:
            yield bootstrap
    else:
        with breakable_kafka() as broker:
            yield broker.bootstrap


@contextlib.contextmanager
def breakable_kafka() -> Iterator[Broker]:
    """An Apache Kafka of one's own. Blocks; only where `choice().breakable`."""
    if choice().kind == "containers":
        from tests.support import containers

        with containers.kafka() as broker:
            yield broker
    else:
        with KafkaCluster.start() as cluster:
            yield _OneBroker(cluster)


class _OneBroker:
    """The single broker of a cluster from Kafka's jars."""

    def __init__(self, cluster: KafkaCluster) -> None:
        self._cluster = cluster

    @property
    def bootstrap(self) -> str:
        return self._cluster.bootstrap

    def kill(self) -> None:
        self._cluster.kill(1)

    def restart(self) -> None:
        self._cluster.restart(1)

    def freeze(self) -> None:
        self._cluster.freeze(1)

    def thaw(self) -> None:
        self._cluster.thaw(1)
