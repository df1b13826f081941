"""Which service serves a path, by its first part behind `/v1/`."""

from typing import Final

SERVICE_OF: Final = {
    "action-items": "sessions",
    "analytics": "analytics",
    "calendar-feeds": "sessions",
    "check-ins": "sessions",
    "events": "integrations",
    "guides": "sessions",
    "imports": "profile",
    "match-pools": "matching",
    "match-replays": "matching",
    "match-runs": "matching",
    "matches": "matching",
    "notes": "sessions",
    "organisations": "profile",
    "participants": "profile",
    "programs": "profile",
    "relationships": "sessions",
    "responses": "feedback",
    "sessions": "sessions",
    "surveys": "feedback",
    "test-clock": "sessions",
    "webhook-deliveries": "integrations",
    "webhooks": "integrations",
}
