"""What is measured: each figure with its unit, its bar and what it means, and a measured figure."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure; `better` says on which side of the bar its value has to be (`at_most` and `at_least` include it).

    `stretch`: what would be better than asked for. `digits`: how many significant ones are shown.
    """

    key: str
    unit: str
    better: Literal["at_least", "at_most", "below"]
    bar: float
    meaning: str
    stretch: float | None = None
    digits: int = 4

    def ok(self, value: float | None) -> bool:
        """Whether a value meets the bar."""
        return value is not None and self._reaches(value, self.bar)

    def met(self, value: float | None) -> str:
        """The same for a reader, who also learns when more than the bar is met."""
        if not self.ok(value) or value is None:
            return "**no**"
        return "yes, and its stretch" if self.stretch is not None and self._reaches(value, self.stretch) else "yes"

    def _reaches(self, value: float, goal: float) -> bool:
        return {"at_least": value >= goal, "at_most": value <= goal, "below": value < goal}[self.better]

    def shown(self, value: float) -> float:
        """The value as it is shown."""
        return float(f"{value:.{self.digits}g}")

    @property
    def bar_text(self) -> str:
        return self._goal_text(self.bar)

    @property
    def stretch_text(self) -> str | None:
        return None if self.stretch is None else self._goal_text(self.stretch)

    def _goal_text(self, goal: float) -> str:
        return f"{ {'at_least': '≥', 'at_most': '≤', 'below': '<'}[self.better] } {goal:,.{max(6, self.digits)}g}"


@dataclass(slots=True)
class Measured:
    """A figure's value in one run; None: there is none, and `how` says why. `details` are lines for the page."""

    key: str
    value: float | None
    how: str
    details: list[str] = field(default_factory=list)

    def line(self, figure: Figure) -> dict[str, Any]:
        """What a benchmark prints."""
        stretch = {} if figure.stretch_text is None else {"stretch": figure.stretch_text}
        return {
            "key": self.key,
            "value": None if self.value is None else figure.shown(self.value),
            "unit": figure.unit,
            "bar": figure.bar_text,
            **stretch,
            "ok": figure.ok(self.value),
            "how": self.how,
        }


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: interleaved rounds of `seconds` each, events a round, seconds of open loop, people imported,
    and examples an operation."""

    rounds: int
    seconds: float
    events: int
    open_loop_seconds: int
    people: int
    examples: int


FULL = Effort(rounds=7, seconds=4.0, events=50_000, open_loop_seconds=40, people=100_000, examples=50)
QUICK = Effort(rounds=2, seconds=1.5, events=10_000, open_loop_seconds=8, people=5_000, examples=5)

FIGURES = {
    figure.key: figure
    for figure in (
        Figure(
            "create_vs_hello",
            "ratio",
            "at_least",
            0.25,
            "Requests a second of `POST /v1/participants` on profile's `api` process against a FastAPI route that returns a "
            "small dict. The create verifies the access token (remembered for up to 60 s once verified: that is how the "
            "chassis works), checks scope and organisation, validates the body, and commits the idempotency key with its "
            "answer, the participant and the outbox row.",
        ),
        Figure(
            "create_vs_sqlmodel",
            "ratio",
            "at_least",
            6,
            "The same create against the same endpoint written as the tutorials of FastAPI and SQLModel write it "
            "(`tests/benchmarks/sqlmodel_app.py`): an `AsyncSession` by dependency, `add`, `flush`, `commit`, `refresh`, "
            "`response_model`. Same PostgreSQL, same connection count, same token verifier, same event in the outbox.",
        ),
        Figure(
            "read_vs_hello",
            "ratio",
            "at_least",
            0.40,
            "Requests a second of `GET /v1/participants/{id}` on profile's `api` process, over 1,000 people in turn, against "
            "the same hello: token, scope, row-level security, one row from PostgreSQL, ETag, JSON.",
        ),
        Figure(
            "relay_vs_send_batch",
            "ratio",
            "at_least",
            0.5,
            "Events a second of the relay draining an outbox table into Apache Kafka (read, send, wait for every "
            "acknowledgement, delete) against aiokafka's `create_batch`/`send_batch` with the same records ready in memory "
            "and the same producer settings, 500 records at a time.",
        ),
        Figure(
            "consumer_vs_getmany",
            "ratio",
            "at_least",
            0.12,
            "Events a second of a service's consumer (decode, validate, remember in the inbox, upsert matching's copy of the "
            "person, commit, commit offsets) against aiokafka's `getmany` over the same records with the same client "
            "settings, committing its offsets and doing nothing else.",
        ),
        Figure(
            "event_latency_p50_ms",
            "ms",
            "at_most",
            30,
            "1,000 times a second somebody is registered through the chassis's transaction, in an open loop: the clock of "
            "each event starts when it was due, whether or not it could start then. The clock stops in another process, "
            "when the transaction with its effect (matching's copy of the person) has been committed. Median.",
        ),
        Figure("event_latency_p99_ms", "ms", "at_most", 100, "The same run: 99 of 100 events were faster."),
        Figure(
            "import_people_per_s",
            "people/s",
            "at_least",
            5000,
            "A people file sent to `POST /v1/imports` of the running stack (all five services as `all`, as `make up` starts "
            "them), from the first byte sent to the last `ParticipantRegistered` consumed by matching.",
        ),
        Figure(
            "import_rss_mb",
            "MB",
            "below",
            400,
            "The most memory a process of the stack had during that import: resident memory of the services and the issuer, "
            "private memory (USS) of PostgreSQL's backends, whose shared buffers would otherwise be counted in each.",
        ),
        Figure(
            "people_cases_right",
            "share",
            "at_least",
            1.0,
            "Of the people files of `tests/profile/cases`, each a kind that HR systems or people write, how many are read "
            "as they should be: who is taken, with which facts, and what is said of the others.",
        ),
        Figure(
            "public_exports_staff_taken",
            "share",
            "at_least",
            0.99,
            "Of the current staff in exports shaped as three public samples (`tests/profile/public_exports.py`), with one "
            "saved mapping each, how many an import takes.",
        ),
        Figure("public_exports_leavers_taken", "people", "at_most", 0, "Of their leavers, how many it takes as staff."),
        Figure("demo_job_s", "s", "at_most", 60, "The main job of `make demo`, as its own report counts it (`job_seconds`)."),
        Figure(
            "demo_cold_s",
            "s",
            "at_most",
            180,
            "The whole of `make demo` from a fresh clone: environment, PostgreSQL, broker, migrations, services, job, and "
            "taking it all down. Packages come from pip's cache.",
        ),
        Figure(
            "schemathesis_failures",
            "failures",
            "at_most",
            0,
            "Schemathesis, with all its checks, against every operation of every service: answers that are not as the "
            "service's OpenAPI document says.",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a contestant went in one round: events a second, and µs of its process's CPU an event."""

    rate: float
    cpu_us: float


class Stopwatch:
    """Wall and processor time of this process since it was made."""

    def __init__(self) -> None:
        self._began, self._cpu = time.perf_counter(), time.process_time()

    def pace(self, events: int) -> Pace:
        """Of so many events until now."""
        seconds, cpu = time.perf_counter() - self._began, time.process_time() - self._cpu
        return Pace(events / seconds, cpu / events * 1e6)


def paces(name: str, seen: Sequence[Pace]) -> str:
    """A line for the page."""
    cpu = statistics.median(pace.cpu_us for pace in seen)
    return f"{name}: {spread([pace.rate for pace in seen])} events/s; {cpu:,.0f} µs of its process's CPU an event"


def median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Median over the rounds of the ratio within each round: what slows the machine for a while slows both."""
    return statistics.median(one / other for one, other in zip(ours, theirs, strict=True))


def spread(values: Sequence[float], form: str = ",.0f") -> str:
    """Median with the lowest and highest: "4,412 (4,100 to 4,520)"."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:{form}} ({low:{form}} to {high:{form}})"


def spread_of_ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """The same of the rounds' ratios."""
    return spread([one / other for one, other in zip(ours, theirs, strict=True)], ".3f")
