"""Identifiers of aggregates, events and requests."""

import os
import time
from hashlib import blake2b
from typing import Final
from uuid import UUID

from asyncpg.pgproto import pgproto

_DRAWN = bytearray()
_AT_ONCE = 4096  # bytes: asking the system for a few at a time costs eight microseconds each time


def random_bytes(count: int) -> bytes:
    """Bytes nobody can guess, from the system's generator."""
    if len(_DRAWN) < count:
        _DRAWN.extend(os.urandom(_AT_ONCE))
    drawn = bytes(_DRAWN[-count:])
    del _DRAWN[-count:]
    return drawn


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562): made here, ordered by time to the millisecond, so that indexes grow at one end."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(random_bytes(10))
    return _id((value & ~(0xF << 76 | 0x3 << 62)) | 0x7 << 76 | 0x2 << 62)


def numbered_id(origin: UUID, number: int) -> UUID:
    """The identifier of a number below 2^28 among those that come of `origin`, itself a UUID version 7: always the same one.

    They follow each other as their numbers do, so that indexes grow at one end; only who knows `origin` can guess them.
    """
    unguessable = int.from_bytes(blake2b(number.to_bytes(4), key=origin.bytes, digest_size=6).digest()) & (1 << 46) - 1
    moment, low = origin.int >> 80 << 80, (number & 0xFFFF) << 46
    return _id(moment | 0x7 << 76 | number >> 16 << 64 | 0x2 << 62 | low | unguessable)


def _id(value: int) -> UUID:
    return id_from(value.to_bytes(16))


id_from: Final = pgproto.UUID
"""An identifier from its text or bytes, as the driver's own kind of UUID: the standard library takes seven times as long.

Private to asyncpg; `tests/chassis/test_private_parts.py` says when it has changed."""
