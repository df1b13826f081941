"""Kafka's record batches (message format 2), joined of parts that are encoded already.

A record's headers are encoded once, when its event goes into the outbox. For aiokafka's own builder the relay would decode them
and have each encoded again, half of what it spent on an event. What is written here the tests read back with aiokafka.
"""

import struct
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import google_crc32c

# Base offset, length of what follows it, leader epoch, format, checksum.
_HEADER: Final = struct.Struct(">qiibI")
_LENGTH_FROM: Final = 12
# What the checksum is of, before the records: attributes, last offset, first and last time, producer's id, epoch and sequence,
# count.
_ABOUT: Final = struct.Struct(">hiqqqhii")
_FORMAT: Final = 2
_NOBODY: Final = (-1, -1, -1)
_ATTRIBUTES_AND_TIME: Final = b"\x00\x00"  # of a record: none, and no later than its batch
_NULL: Final = b"\x01"
_REMEMBERED: Final = 65_536


class RecordBatch:
    """Records of one partition."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._size = 0
        self._parts: list[bytes] = []
        self._count = 0
        self._built: bytes | None = None

    def add(self, key: bytes | None, value: bytes | None, headers: bytes) -> bool:
        """Put a record with encoded headers behind the others; False when it does not fit. An empty batch takes any size."""
        offset = varint(self._count)
        key_length, key = (_NULL, b"") if key is None else (varint(len(key)), key)
        value_length, value = (_NULL, b"") if value is None else (varint(len(value)), value)
        lengths = len(offset) + len(key_length) + len(value_length)
        length = len(_ATTRIBUTES_AND_TIME) + lengths + len(key) + len(value) + len(headers)
        size = self._size + length
        if size > self._most_bytes and self._count:
            return False
        self._size = size
        self._count += 1
        self._parts += (varint(length), _ATTRIBUTES_AND_TIME, offset, key_length, key, value_length, value, headers)
        return True

    def count(self) -> int:
        """How many records it holds."""
        return self._count

    def build(self, producer: tuple[int, int, int] = _NOBODY) -> bytes:
        """The batch as it is sent. Takes no more records; a batch that is built again is the same one.

        `producer`: an idempotent producer's id, its epoch and the number of the first record.
        """
        if self._built is None:
            now, records = int(time.time() * 1000), b"".join(self._parts)
            about = _ABOUT.pack(0, self._count - 1, now, now, *producer, self._count)
            length = _HEADER.size - _LENGTH_FROM + len(about) + len(records)
            checksum = google_crc32c.extend(google_crc32c.value(about), records)
            self._built = b"".join((_HEADER.pack(0, length, -1, _FORMAT, checksum), about, records))
            self._parts.clear()
        return self._built


def encoded_headers(headers: Sequence[tuple[str, bytes]]) -> bytes:
    """Headers as they stand at the end of a record."""
    return varint(len(headers)) + b"".join([before_value(name, len(value)) + value for name, value in headers])


@lru_cache(maxsize=1024)
def before_value(name: str, length: int) -> bytes:
    """What stands before the value of a header."""
    encoded = name.encode()
    return varint(len(encoded)) + encoded + varint(length)


class _Numbers(dict[int, bytes]):
    """Numbers from 0 on in Kafka's variable length: zigzag, seven bits a byte. Usual ones are remembered."""

    def __missing__(self, number: int) -> bytes:
        left, written = number << 1, bytearray()
        while left > 0x7F:
            written.append(left & 0x7F | 0x80)
            left >>= 7
        written.append(left)
        encoded = bytes(written)
        if number < _REMEMBERED:
            self[number] = encoded
        return encoded


varint: Final = _Numbers().__getitem__
