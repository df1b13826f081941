"""What all of sessions' routes share."""

from typing import Final

from peerloom_service.problems import IdempotencyKeyMissing, IdempotencyKeyReused

KEYED: Final = (IdempotencyKeyMissing, IdempotencyKeyReused)
