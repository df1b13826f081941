"""Topics that cannot be sent to at the moment: held back, so that all others flow on, and tried by themselves until they can.

A topic is held back where the broker refuses it, or acknowledges others of the same batch and not this one. Then a single row
of it is sent now and again, by a producer of its own. Where it is a record that is refused and not its topic, the first row of
each key is sent alone: those that are refused again and again are set aside with their key, and the topic flows again.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import asyncpg
import structlog

from peerloom_service import telemetry
from peerloom_service.publishing.outbox import FIRST_OF_KEYS, FORGET_SENT, SET_ASIDE, record_of
from peerloom_service.publishing.producer import RECORD_REFUSED, Sender, SendFailed
from peerloom_service.storage.lease import Lease

_TRIES: Final = 3
_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 10.0
_ROWS: Final = 500


@dataclass(slots=True)
class _Topic:
    error: Exception
    pause: float
    due: float


@dataclass(slots=True)
class _Trial:
    """What came of sending some rows of a topic one by one. `refused`: rows by number; `error`: the topic's own."""

    topic: str
    sent: list[int] = field(default_factory=list)
    refused: dict[int, Exception] = field(default_factory=dict)
    error: Exception | None = None


class HeldBack:
    """The topics a relay holds back. Nothing of it waits for the broker: trials run beside the relay."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._topics: dict[str, _Topic] = {}
        self._trial: asyncio.Task[_Trial] | None = None
        self._refusals: Counter[int] = Counter()

    @property
    def topics(self) -> list[str]:
        """Their names."""
        return list(self._topics)

    @property
    def trouble(self) -> str:
        """Which they are and why, for readiness; empty while there are none."""
        return "; ".join(f"{topic} cannot be sent to: {_told(held.error)}" for topic, held in self._topics.items())

    def hold(self, failed: Mapping[str, Exception]) -> None:
        """Hold these topics back, because of these errors."""
        now = asyncio.get_running_loop().time()
        for topic, error in failed.items():
            self._topics.setdefault(topic, _Topic(error, _FIRST_PAUSE_SECONDS, now + _FIRST_PAUSE_SECONDS))
            _log.error("topic cannot be sent to; its events wait, others go on", topic=topic, reason=_told(error))

    async def turn(self, connection: Lease, shards: Sequence[int]) -> bool:
        """Begin a trial where one is due, or take what came of it. Returns whether a topic flows again."""
        if self._trial is not None:
            return await self._taken(connection, self._trial.result()) if self._trial.done() else False
        now = asyncio.get_running_loop().time()
        due = min(self._topics, key=lambda topic: self._topics[topic].due, default=None)
        if due is None or self._topics[due].due > now:
            return False
        one_by_one = isinstance(self._topics[due].error, RECORD_REFUSED)
        rows = await connection.fetch(FIRST_OF_KEYS, shards, due, _ROWS if one_by_one else 1)
        self._trial = asyncio.ensure_future(self._tried(due, rows))
        return False

    async def abandon(self) -> None:
        """End a trial that goes on: the shards are no longer this relay's."""
        trial, self._trial = self._trial, None
        if trial is not None:
            trial.cancel()
            await asyncio.wait([trial])

    async def close(self) -> None:
        """The same, and close the producer."""
        await self.abandon()
        await self._sender.close()

    async def _tried(self, topic: str, rows: Sequence[asyncpg.Record]) -> _Trial:
        trial = _Trial(topic)
        for row in rows:
            try:
                await self._sender.send([record_of(row)])
            except SendFailed as failed:
                error = failed.topics.get(topic, failed)
                if not isinstance(error, RECORD_REFUSED):
                    trial.error = error
                    break
                trial.refused[row["seq"]] = error
            else:
                trial.sent.append(row["seq"])
        return trial

    async def _taken(self, connection: Lease, trial: _Trial) -> bool:
        self._trial = None
        if trial.sent:
            await connection.execute(FORGET_SENT, trial.sent)
            telemetry.published.add(len(trial.sent))
        for seq, error in trial.refused.items():
            self._refusals[seq] += 1
            if self._refusals[seq] >= _TRIES:
                await connection.execute(SET_ASIDE, seq, _told(error))
                del self._refusals[seq]
                telemetry.set_aside.add(1, {"topic": trial.topic})
                _log.error(
                    "event set aside with its key: the broker refuses it", topic=trial.topic, seq=seq, reason=_told(error)
                )
        waits = [seq for seq in trial.refused if seq in self._refusals]
        if trial.error is None and not waits:
            del self._topics[trial.topic]
            _log.info("topic can be sent to again", topic=trial.topic)
            return True
        held = self._topics[trial.topic]
        held.error = trial.error or next(iter(trial.refused.values()))
        held.pause = min(2 * held.pause, _LONGEST_PAUSE_SECONDS)
        held.due = asyncio.get_running_loop().time() + held.pause
        return False


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
