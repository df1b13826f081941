"""Points at which a process of the ledger kills itself, as a power cut would: no code of its own runs any more."""

import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

from aiokafka import AIOKafkaConsumer

from peerloom_service.publishing.producer import Sender


def arm() -> None:
    """LEDGER_DIES: `before_offsets` (effects are committed, their offsets are not) or `before_delete` (events are
    acknowledged by the broker and still in the outbox).
    """
    match os.environ.get("LEDGER_DIES"):
        case "before_offsets":
            AIOKafkaConsumer.commit = _die
        case "before_delete":
            Sender.send = _and_die(Sender.send)  # type: ignore[method-assign]
        case None:
            pass
        case unknown:
            raise SystemExit(f"LEDGER_DIES={unknown}: there is no such point")


async def _die(*_: object) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody survives that")


def _and_die(send: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def send_and_die(*arguments: Any) -> None:
        await send(*arguments)
        await _die()

    return send_and_die
