"""What is done with people files."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from peerloom_service.use_cases.transaction import Transaction
from profile_service.domain import Import


@dataclass(frozen=True, slots=True)
class ReceiveImport:
    """`columns` is {our column: the file's header}, `defaults` is {our column: cell}, `options` those of `FileOptions`."""

    import_id: UUID
    size_bytes: int
    columns: dict[str, str]
    defaults: dict[str, str]
    options: dict[str, Any] = field(default_factory=dict)


async def receive_import(tx: Transaction, command: ReceiveImport) -> Import:
    """A people file has arrived whole; it will be worked through."""
    job = Import(
        id=command.import_id,
        version=1,
        created_at=await tx.now(),
        size_bytes=command.size_bytes,
        columns=command.columns,
        defaults=command.defaults,
        options=command.options,
        cause=tx.cause.kept(),
    )
    tx.add(job)
    return job
