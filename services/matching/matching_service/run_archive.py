"""A run's input and answer in the database: what they were can be checked, certified and solved again at any time.

They are bytes: the policy's JSON, the population's and the answer's own. A million people take some 40 MB, so they lie in
compressed pieces, none of which is large for PostgreSQL or for us.
"""

import asyncio
import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from matching_service import sql
from matching_service.domain import Run
from peerloom_service.storage.database import Database

_PIECE_BYTES: Final = 4 * 1024 * 1024
_QUICKLY: Final = 1
"""The level of compression: higher ones take five times as long to save a tenth."""


class Part(StrEnum):
    POLICY = "policy"
    POPULATION = "population"
    ANSWER = "answer"


class Unreadable(Exception):
    """What was stored is not there any more, or not as it was written."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the engine is asked, as it is stored: with its version, all that an answer depends on that is not ended early."""

    policy: bytes
    population: bytes
    seed: int
    target_gap: float
    fast: bool


async def keep(database: Database, tenant_id: UUID, run_id: UUID, part: Part, content: bytes) -> None:
    """Store a part of a run in place of what there may be of it."""
    await database.execute(tenant_id, sql.DROP_PART, tenant_id, run_id, part)
    for number, first in enumerate(range(0, len(content), _PIECE_BYTES)):
        piece = await asyncio.to_thread(zlib.compress, memoryview(content)[first : first + _PIECE_BYTES], _QUICKLY)
        await database.execute(tenant_id, sql.KEEP_PIECE, tenant_id, run_id, part, number, piece)


async def read(database: Database, tenant_id: UUID, run_id: UUID, part: Part) -> bytes:
    """What was stored.

    Raises: Unreadable.
    """
    pieces: list[bytes] = []
    while (row := await database.fetchrow(tenant_id, sql.PIECE, tenant_id, run_id, part, len(pieces))) is not None:
        try:
            pieces.append(await asyncio.to_thread(zlib.decompress, row["content"]))
        except zlib.error as error:
            raise Unreadable(f"The stored {part} of the run cannot be read: {error}.") from error
    if not pieces:
        raise Unreadable(f"The {part} of the run is not stored any more.")
    return b"".join(pieces)


async def question_of(database: Database, tenant_id: UUID, run: Run) -> Question:
    """What a run was asked, from what was stored.

    Raises: Unreadable.
    """
    return Question(
        policy=await read(database, tenant_id, run.id, Part.POLICY),
        population=await read(database, tenant_id, run.id, Part.POPULATION),
        seed=run.seed,
        target_gap=run.target_gap,
        fast=run.fast,
    )
