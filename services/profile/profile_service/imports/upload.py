"""Takes a people file as it arrives and keeps it, so that a worker can work through it later."""

import hashlib
from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from peerloom_service.identifiers import new_id
from peerloom_service.storage.database import Database
from profile_service import sql

UPLOAD_BYTES: Final = 256 * 1024 * 1024
_PIECE_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Received:
    """A file as it was kept."""

    import_id: UUID
    size_bytes: int
    digest: bytes


async def receive(database: Database, tenant_id: UUID, stream: AsyncIterable[bytes]) -> Received:
    """Keep a file in pieces while it is being sent. A broken upload leaves pieces that are deleted a day later."""
    import_id, size, number, digest = new_id(), 0, 0, hashlib.sha256()
    buffer = bytearray()
    async for chunk in stream:
        buffer += chunk
        digest.update(chunk)
        size += len(chunk)
        while len(buffer) >= _PIECE_BYTES:
            await database.execute(tenant_id, sql.KEEP_PIECE, tenant_id, import_id, number, bytes(buffer[:_PIECE_BYTES]))
            del buffer[:_PIECE_BYTES]
            number += 1
    await database.execute(tenant_id, sql.KEEP_PIECE, tenant_id, import_id, number, bytes(buffer))
    return Received(import_id, size, digest.digest())
