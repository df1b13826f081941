"""Looking at a stack: what is wrong and what to do, what is on Kafka and who is behind."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final

import asyncpg
import httpx
import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from peerloom_cli.place import NOT_READY, WHERE, AsJson, Directory, show, stack_in, stop
from peerloom_deploy.kubernetes import needed_topics
from peerloom_dev.stack import SERVICES, Stack
from peerloom_kafka import available

_OLDEST_SECONDS: Final = 30
_LITTLE_SPACE_GB: Final = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """Something looked at. `wrong`: empty when it is well; `do`: the next step."""

    what: str
    wrong: str = ""
    do: str = ""


def doctor(directory: Directory = WHERE, as_json: AsJson = False) -> None:
    """Says what is wrong on this machine or in the stack, and what to do; ends with 3 when something is."""
    findings = [look() for look in _MACHINE]
    stack = Stack.load(directory)
    if stack is None:
        findings.append(Finding("stack", "is not up", "`peerloom up` starts it"))
    else:
        findings += _of_processes(stack)
        findings += asyncio.run(_of_databases(stack))
    rows = [(one.what, one.wrong or "well", one.do) for one in findings]
    show(as_json, [asdict(one) for one in findings], ["what", "state", "do"], rows, "")
    if any(one.wrong for one in findings):
        raise typer.Exit(NOT_READY)


def _docker() -> Finding:
    if shutil.which("docker") is None:
        return Finding("docker", do="not here; `--stack compose` needs it, with its Compose plugin")
    answers = subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0
    return Finding("docker") if answers else Finding("docker", do="its engine does not answer; start it for `--stack compose`")


def _kafka() -> Finding:
    return Finding("apache kafka") if available() else Finding("apache kafka", do="no JDK 17 here; `--kafka real` needs one")


def _space() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    return (
        Finding("disk")
        if free > _LITTLE_SPACE_GB
        else Finding("disk", f"{free:.1f} GB left", "make room: Kafka and PostgreSQL stop")
    )


def _python() -> Finding:
    return Finding(f"python {sys.version_info.major}.{sys.version_info.minor}")


_MACHINE: Final[tuple[Callable[[], Finding], ...]] = (_python, _docker, _kafka, _space)


def _of_processes(stack: Stack) -> Iterator[Finding]:
    for name, state in stack.status().items():
        if state in ("ready", "given"):
            yield Finding(name)
        elif state == "stopped":
            yield Finding(name, "has ended", f"read {stack.log(name)}; `peerloom down` and `up` start it again")
        else:
            yield Finding(name, f"is not ready: {_reason(stack.services.get(name))}", f"read {stack.log(name)}")


def _reason(url: str | None) -> str:
    try:
        body = httpx.get(f"{url}/health/ready", trust_env=False, timeout=5).json()
    except (httpx.HTTPError, ValueError) as error:
        return type(error).__name__
    return ", ".join(f"{part}: {trouble}" for part, trouble in body.items() if part != "status")


async def _of_databases(stack: Stack) -> list[Finding]:
    """What waits in each service's database: an outbox that does not empty, parked events, locks that are waited for."""
    found = []
    for one in SERVICES:
        try:
            connection = await asyncpg.connect(stack.databases[one.name], timeout=5)
        except (OSError, asyncpg.PostgresError, TimeoutError) as error:
            found.append(Finding(f"{one.name}'s database", f"cannot be reached: {error}", "read the log of postgres"))
            continue
        try:
            waits = await connection.fetchval(
                "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0) FROM outbox"
            )
            parked = await connection.fetchval("SELECT count(DISTINCT (topic, key)) FROM parked_event")
            locks = await connection.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        finally:
            await connection.close()
        if waits > _OLDEST_SECONDS:
            found.append(Finding(f"{one.name}'s outbox", f"has waited {waits:.0f} s", "docs/runbooks/OutboxLate.md"))
        if parked:
            found.append(Finding(f"{one.name}'s events", f"{parked} key(s) parked", "`peerloom dlq list`"))
        if locks:
            found.append(
                Finding(f"{one.name}'s database", f"{locks} session(s) wait for a lock", "an import or a migration is at work")
            )
    return found


def topics(
    lag: Annotated[bool, typer.Option("--lag", help="How many records each group is behind.")] = False,
    directory: Directory = WHERE,
    as_json: AsJson = False,
) -> None:
    """Topics with their partitions and records, or how far each group is behind."""
    stack = stack_in(directory)
    try:
        if lag:
            behind = asyncio.run(_lag(stack.kafka))
            rows = [(one["group"], one["topic"], one["behind"]) for one in behind]
            show(as_json, behind, ["group", "topic", "records behind"], rows, "no group reads anything")
        else:
            found = asyncio.run(_records(stack.kafka))
            show(
                as_json, found, ["topic", "partitions", "records"], [tuple(one.values()) for one in found], "there is no topic"
            )
    except (KafkaError, OSError, TimeoutError) as error:
        stop(f"Kafka at {stack.kafka} does not answer: {error}")


async def _records(bootstrap: str) -> list[dict[str, object]]:
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        found: list[dict[str, object]] = []
        for topic in sorted(await consumer.topics()):
            places = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
            first, behind = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
            found.append({"topic": topic, "partitions": len(places), "records": sum(behind.values()) - sum(first.values())})
        return found


async def _lag(bootstrap: str) -> list[dict[str, object]]:
    """By group and topic; a group that has never committed begins with what the topic still holds."""
    read = [(one.name, topic) for one in SERVICES for topic in one.subscribes]
    read += [(f"{one.name}.tasks", topic) for one in SERVICES for topic in one.tasks]
    partitions = {topic.name: topic.partitions for topic in needed_topics(SERVICES)}
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        await admin.start()
        try:
            found: list[dict[str, object]] = []
            for group, topic in sorted(read):
                places = [TopicPartition(topic, number) for number in range(partitions[topic])]
                first, end = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
                committed = await admin.list_consumer_group_offsets(group, partitions=places)
                at = {place: _offset(committed.get(place), first[place]) for place in places}
                found.append({"group": group, "topic": topic, "behind": sum(end[place] - at[place] for place in places)})
            return found
        finally:
            await admin.close()


def _offset(committed: object, first: int) -> int:
    offset = int(getattr(committed, "offset", -1))
    return offset if offset >= 0 else first
