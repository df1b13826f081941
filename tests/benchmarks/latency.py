"""event_latency_p50_ms, event_latency_p99_ms: from when an event was due to its committed effect in another service.

`python -m tests.benchmarks.latency` is one of the two processes: "profile" commits one person and one event a thousand times a
second, with its relay beside it; "matching" consumes and remembers them. Each notes times by the machine's monotonic clock,
which all processes share, and prints them at the end.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any, Final

import uvloop

from matching_service.main import service as matching
from peerloom_service.consuming.chain import Chain
from peerloom_service.consuming.decoding import Received
from peerloom_service.consuming.delivery import Delivery
from peerloom_service.context import Cause
from peerloom_service.identifiers import new_id
from peerloom_service.publishing.producer import Sender
from peerloom_service.publishing.relay import Relay
from profile_service import schemas
from profile_service.main import service as profile
from profile_service.use_cases import people
from tests.benchmarks.consumer import consumer_of, ends, start_at
from tests.benchmarks.figures import Effort, Measured
from tests.benchmarks.processes import MeasurementFailed, contestant, runtime_of
from tests.support.bodies import a_person
from tests.support.services import Surroundings
from tests.support.waiting import eventually

KEYS = ("event_latency_p50_ms", "event_latency_p99_ms")

EVENTS_A_SECOND: Final = 1000
_JOIN_SECONDS: Final = 5
_WARM_UP_SECONDS: Final = 5
_REST_SECONDS: Final = 60
_AT_ONCE: Final = 10
_EDGES_MS: Final = (0, 5, 10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 500, 1000, 60_000)


async def measure(surroundings: Surroundings, wanted: Sequence[str], effort: Effort) -> list[Measured]:
    """One run; its first seconds are not counted."""
    async with surroundings.migrated(profile) as one, surroundings.migrated(matching) as other:
        seconds = _WARM_UP_SECONDS + effort.open_loop_seconds
        bootstrap, group = one.kafka_bootstrap, f"bench-{new_id().hex}"
        await start_at(bootstrap, group, await ends(bootstrap))
        task = {"group": group, "events": seconds * EVENTS_A_SECOND}
        said, heard = await asyncio.gather(
            contestant("tests.benchmarks.latency", {**task, "who": "profile"}, settings=one),
            contestant("tests.benchmarks.latency", {**task, "who": "matching"}, settings=other),
        )
    lost = said.keys() - heard.keys()
    if lost:
        raise MeasurementFailed(f"{len(lost)} of {len(said)} events had no effect")
    counted = list(said.items())[_WARM_UP_SECONDS * EVENTS_A_SECOND :]
    latencies = sorted((heard[person] - due) * 1000 for person, (due, _) in counted)
    to_commit = sorted((committed - due) * 1000 for _, (due, committed) in counted)
    how = (
        f"{len(counted):,} events due at {EVENTS_A_SECOND:,}/s in an open loop of {effort.open_loop_seconds} s after "
        f"{_WARM_UP_SECONDS} s of warm-up, from due time to committed effect; p50 {share(latencies, 50):.1f}, "
        f"p99 {share(latencies, 99):.1f}, max {latencies[-1]:.1f} ms"
    )
    to_effect = statistics.mean(latencies) - statistics.mean(to_commit)
    details = [
        f"from due to committed by profile: p50 {share(to_commit, 50):.1f}, p99 {share(to_commit, 99):.1f} ms",
        f"from committed by profile to the effect in matching: mean {to_effect:.1f} ms",
        *_histogram(latencies),
    ]
    values = {"event_latency_p50_ms": share(latencies, 50), "event_latency_p99_ms": share(latencies, 99)}
    return [Measured(key, values[key], how, details if key == wanted[0] else []) for key in wanted]


def share(ordered: Sequence[float], percent: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def _histogram(latencies: Sequence[float], width: int = 50) -> list[str]:
    """The distribution as a block of text, a line a range of milliseconds."""
    counts = [(low, high, sum(low <= latency < high for latency in latencies)) for low, high in pairwise(_EDGES_MS)]
    while counts[-1][2] == 0:
        counts.pop()
    most = max(count for _, _, count in counts)
    lines = [
        f"{low:>5} to {high:>5} ms {count / len(latencies):>8.3%} {'█' * round(width * count / most)}".rstrip()
        for low, high, count in counts
    ]
    return ["```", *lines, "```"]


# -- the two processes ------------------------------------------------------------------------------------------------


async def _profile(task: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Due time and commit time of each person, by id."""
    tenant_id = new_id()
    due_and_committed: dict[str, tuple[float, float]] = {}
    bodies = _bodies(task["events"])
    async with runtime_of(profile) as runtime:
        sender = Sender(runtime.settings.kafka_bootstrap, idempotent=True)
        relay = asyncio.ensure_future(Relay(runtime.database, sender, runtime.wake_relay).run())
        began = time.monotonic() + _JOIN_SECONDS

        async def register_in_time() -> None:
            for number, body in bodies:
                due = began + number / EVENTS_A_SECOND
                if (early := due - time.monotonic()) > 0:
                    await asyncio.sleep(early)
                cause = Cause(correlation_id=f"{number:032x}")
                person = await runtime.perform(people.register_participant, body.command(), tenant_id=tenant_id, cause=cause)
                due_and_committed[str(person.id)] = (due, time.monotonic())

        await asyncio.gather(*(register_in_time() for _ in range(_AT_ONCE)))

        async def all_sent() -> bool:
            return await runtime.database.fetchrow(None, "SELECT 1 FROM outbox LIMIT 1") is None

        await eventually(all_sent, within=_REST_SECONDS, every=0.1, what="the relay to send everything")
        relay.cancel()
        with suppress(asyncio.CancelledError):
            await relay
    return dict(sorted(due_and_committed.items(), key=lambda one: one[1][0]))


def _bodies(count: int) -> Iterator[tuple[int, schemas.NewParticipant]]:
    """Numbered bodies as the API would have read them, made before the clock starts."""
    usual = schemas.NewParticipant.model_validate(a_person())
    unique = [
        usual.model_copy(update={"employee_number": f"E{number}", "email": f"{number}@example.com"}) for number in range(count)
    ]
    return iter(list(enumerate(unique)))


async def _matching(task: dict[str, Any]) -> dict[str, float]:
    """When the effect of each person's event was committed, by id."""
    async with runtime_of(matching) as runtime:
        chain, consumer = consumer_of(_NotingChain, runtime, task["group"])
        chain.committed = {}
        running = asyncio.ensure_future(consumer.run())
        within = task["events"] / EVENTS_A_SECOND + _JOIN_SECONDS + _REST_SECONDS
        with suppress(AssertionError):  # what is missing then is told by name
            await eventually(lambda: len(chain.committed) >= task["events"], within=within, every=0.2)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    return chain.committed


class _NotingChain(Chain):
    """The chassis's chain, noting when the transaction of each event's effect was committed."""

    committed: dict[str, float]

    async def handle(self, deliveries: Sequence[Delivery], received: Sequence[Received] | None = None) -> None:
        await super().handle(deliveries, received)
        now = time.monotonic()
        self.committed.update((delivery.key.decode(), now) for delivery in deliveries)


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    json.dump(uvloop.run({"profile": _profile, "matching": _matching}[asked["who"]](asked)), sys.stdout)
