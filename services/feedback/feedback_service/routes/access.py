"""What every route with an Idempotency-Key may answer."""

from typing import Final

from peerloom_service.problems import IdempotencyKeyMissing, IdempotencyKeyReused

KEYED: Final = (IdempotencyKeyMissing, IdempotencyKeyReused)
