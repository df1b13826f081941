"""A small HTTP load generator: a closed loop over keep-alive connections, in a process of its own.

`python -m tests.benchmarks.load` reads a `Job` as JSON from standard input and writes what it saw as JSON to standard output.
Each connection sends its next request when the answer to the last one is complete. Requests are prebuilt bytes into which
something unique (a number, an id) is put; answers are only looked at for their status and length, so that the generator costs
a small part of what it measures. Its own share of a processor is reported beside the rate.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import uvloop

MARK = "{unique}"


@dataclass(frozen=True, slots=True)
class Job:
    """What to send, and for how long.

    `request` is a whole HTTP/1.1 request; every `MARK` in it becomes the next of `uniques`, or, where there are none, a number
    of twelve digits that counts up from `count_from`. `seconds` are measured after `warm_up` seconds that are not.
    """

    port: int
    request: str
    connections: int
    seconds: float
    warm_up: float = 0.5
    count_from: int = 0
    uniques: Sequence[str] = ()


@dataclass(slots=True)
class Seen:
    """What a job saw: answers of the measured time, requests a second, latencies in ms, and the generator's share of a CPU.

    `answers` counts every answer by status, and broken connections as "broken"; anything but 2xx makes the run void.
    """

    rate: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    cpu_share: float = 0.0
    answers: dict[str, int] = field(default_factory=dict)

    @property
    def failures(self) -> dict[str, int]:
        return {status: count for status, count in self.answers.items() if not status.startswith("2")}


def requests(job: Job) -> Iterator[bytes]:
    """The job's requests, one after the other, without end."""
    parts = job.request.encode().split(MARK.encode())
    uniques: Iterator[bytes]
    if job.uniques:
        uniques = itertools.cycle([unique.encode() for unique in job.uniques])
    else:
        uniques = (b"%012d" % number for number in itertools.count(job.count_from))
    return (unique.join(parts) for unique in uniques)


class _Connection(asyncio.Protocol):
    """One keep-alive connection of a closed loop."""

    def __init__(self, load: _Load) -> None:
        self._load = load
        self._rest = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport  # uvloop's is no subclass of asyncio.Transport
        self._send()

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(next(self._load.requests))

    def data_received(self, data: bytes) -> None:
        answer = self._rest + data if self._rest else data
        try:
            complete = is_complete(answer)
        except ValueError as error:
            self._load.give_up(error)
            return
        if not complete:
            self._rest = answer
            return
        self._rest = b""
        if self._load.saw(answer[9:12], self._sent_at, time.perf_counter()):
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        self._load.lost()


def is_complete(answer: bytes) -> bool:
    """Whether this is a whole HTTP/1.1 answer. Raises: ValueError when it does not say how long it is."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = answer[:end].lower()
    at = head.find(b"\r\ncontent-length:")
    if at < 0:
        if head[9:12] in (b"204", b"304"):
            return True
        raise ValueError(f"an answer without Content-Length: {head[:200]!r}")
    line = head[at + 17 :].partition(b"\r\n")[0]
    return len(answer) >= end + 4 + int(line)


class _Load:
    """A job under way."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.requests = requests(job)
        self.answers: Counter[bytes] = Counter()
        self.broken = 0
        self.latencies: list[float] = []
        self.open = job.connections
        self.over = asyncio.get_running_loop().create_future()
        self.begin = time.perf_counter() + job.warm_up
        self.end = self.begin + job.seconds

    def saw(self, status: bytes, sent_at: float, now: float) -> bool:
        """Count an answer; whether to go on."""
        self.answers[status] += 1
        if self.begin <= now < self.end:
            self.latencies.append(now - sent_at)
        return now < self.end

    def give_up(self, error: Exception) -> None:
        if not self.over.done():
            self.over.set_exception(error)

    def lost(self) -> None:
        self.open -= 1
        self.broken += time.perf_counter() < self.end
        if self.open == 0 and not self.over.done():
            self.over.set_result(None)


async def run(job: Job) -> Seen:
    """Do the job against 127.0.0.1.

    Raises: OSError when nobody listens, TimeoutError when answers do not come, ValueError for one that does not say how long
    it is.
    """
    load = _Load(job)
    loop = asyncio.get_running_loop()
    cpu = time.process_time()
    began = time.perf_counter()
    for _ in range(job.connections):
        await loop.create_connection(lambda: _Connection(load), "127.0.0.1", job.port)
    async with asyncio.timeout(job.warm_up + job.seconds + 30):
        await load.over
    share = (time.process_time() - cpu) / (time.perf_counter() - began)
    answers = {status.decode(): count for status, count in load.answers.items()}
    if load.broken:
        answers["broken"] = load.broken
    ordered = sorted(load.latencies) or [0.0]
    return Seen(
        rate=len(load.latencies) / job.seconds,
        p50_ms=ordered[len(ordered) // 2] * 1000,
        p99_ms=ordered[len(ordered) * 99 // 100] * 1000,
        cpu_share=share,
        answers=answers,
    )


def main() -> None:
    job: dict[str, Any] = json.load(sys.stdin)
    json.dump(asdict(uvloop.run(run(Job(**job)))), sys.stdout)


if __name__ == "__main__":
    main()
