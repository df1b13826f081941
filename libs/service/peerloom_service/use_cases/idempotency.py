"""The first answer to a request with an Idempotency-Key is kept with the state it made, and given again to every repeat.

Kept per organisation in the transaction of the request itself. A repeat while the first one runs waits for it in PostgreSQL
(the key's row), up to the lock timeout; a failed first request leaves no trace, so it may be tried again with the same key.
"""

from typing import Final
from uuid import UUID

from peerloom_service.context import IdempotencyKey
from peerloom_service.http.messages import Response
from peerloom_service.problems import IdempotencyKeyReused, RequestInProgress
from peerloom_service.storage.database import Database

KEPT_HOURS: Final = 48

PLATFORM: Final = UUID(int=0)
"""Stands for the tenant in the keys of operators, who belong to no organisation."""

CLAIM: Final = """
    INSERT INTO idempotency_key (tenant_id, key, fingerprint) VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING
"""
SETTLE: Final = """
    UPDATE idempotency_key SET status = $3, body = $4, headers = $5
    WHERE tenant_id = $1 AND key = $2
"""
FIRST_ANSWER: Final = """
    SELECT fingerprint, status, body, headers FROM idempotency_key
    WHERE tenant_id = $1 AND key = $2
"""
FORGET: Final = "DELETE FROM idempotency_key WHERE created_at < now() - make_interval(hours => $1)"


async def first_answer(database: Database, tenant_id: UUID | None, key: IdempotencyKey) -> Response:
    """The answer given to the first request with this key.

    Raises: IdempotencyKeyReused when that was another request, RequestInProgress while it has no answer yet.
    """
    row = await database.fetchrow(tenant_id, FIRST_ANSWER, tenant_id or PLATFORM, key.key)
    if row is None:
        raise RequestInProgress("The first request with this key has just failed. Send it again.")
    if row["fingerprint"] != key.fingerprint:
        raise IdempotencyKeyReused("Use a new key for a new request; a key belongs to one method, address and body.")
    return Response(row["status"], row["body"], {**row["headers"], "idempotent-replayed": "true"})
