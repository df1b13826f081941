"""A run's input and answer in the database: what they were can be checked, certified and solved again at any time.

They are bytes: the policy's JSON, the population's and the answer's own. A million people take some 40 MB, so they lie in
compressed pieces, none of which is large for PostgreSQL or for us; whoever reads or writes them holds one piece at a time.
"""

import asyncio
import hashlib
import zlib
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from matching_service import queries, sql
from peerloom_service.storage.database import Database

PIECE_BYTES: Final = 4 * 1024 * 1024
_QUICKLY: Final = 1
"""The level of compression: higher ones take five times as long to save a tenth."""


class Part(StrEnum):
    POLICY = "policy"
    POPULATION = "population"
    ANSWER = "answer"


class Unreadable(Exception):
    """What was stored is not there any more, or not as it was written."""


def compressed(content: bytes) -> Iterator[bytes]:
    """Some bytes as the pieces that are stored of them."""
    for first in range(0, len(content), PIECE_BYTES):
        yield zlib.compress(memoryview(content)[first : first + PIECE_BYTES], _QUICKLY)


def uncompressed(piece: bytes, part: Part) -> bytes:
    """What a stored piece holds.

    Raises: Unreadable.
    """
    try:
        return zlib.decompress(piece)
    except zlib.error as error:
        raise Unreadable(f"The stored {part} of the run cannot be read: {error}.") from error


@dataclass(frozen=True, slots=True)
class RunArchive:
    """What is stored of one run."""

    database: Database
    tenant_id: UUID
    run_id: UUID

    async def keep(self, part: Part, content: bytes) -> None:
        """Store a part in place of what there may be of it."""
        writer = await self.writer(part)
        for piece in compressed(content):
            await writer.add(piece)

    async def writer(self, part: Part) -> "PartWriter":
        """Takes a part's pieces, one after the other, in place of what there may be of it."""
        await self.database.execute(self.tenant_id, sql.DROP_PART, self.tenant_id, self.run_id, part)
        return PartWriter(self, part)

    async def pieces(self, part: Part) -> AsyncGenerator[bytes, None]:
        """A part's pieces, as they are stored.

        Raises: Unreadable where there are none.
        """
        number = 0
        while row := await self.database.fetchrow(self.tenant_id, queries.PIECE, self.tenant_id, self.run_id, part, number):
            yield row["content"]
            number += 1
        if not number:
            raise Unreadable(f"The {part} of the run is not stored any more.")

    async def read(self, part: Part) -> bytes:
        """A whole part.

        Raises: Unreadable.
        """
        return b"".join([await asyncio.to_thread(uncompressed, piece, part) async for piece in self.pieces(part)])

    async def digest(self, part: Part) -> str:
        """SHA-256 (hex) of a part.

        Raises: Unreadable.
        """
        digest = hashlib.sha256()
        async for piece in self.pieces(part):
            digest.update(await asyncio.to_thread(uncompressed, piece, part))
        return digest.hexdigest()


class PartWriter:
    """Stores a part piece by piece."""

    def __init__(self, archive: RunArchive, part: Part) -> None:
        self.archive, self.part, self._number = archive, part, 0

    async def add(self, piece: bytes) -> None:
        """Store the next piece."""
        archive = self.archive
        await archive.database.execute(
            archive.tenant_id, sql.KEEP_PIECE, archive.tenant_id, archive.run_id, self.part, self._number, piece
        )
        self._number += 1
