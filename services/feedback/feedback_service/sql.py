"""Constant SQL of feedback's hot paths."""

from typing import Final

# One statement asks everybody who was there. Whoever was asked about this session before is left out: its completion may
# arrive twice, and it may even be completed again.
ASK: Final = """
    INSERT INTO survey (tenant_id, id, version, session_id, match_id, program_id, participant_id, requested_at, state)
    SELECT $1, asked.id, 1, $2, $3, $4, asked.participant_id, now(), 'open'
    FROM unnest($5::uuid[], $6::uuid[]) AS asked (id, participant_id)
    ON CONFLICT ON CONSTRAINT survey_participant_key DO NOTHING
    RETURNING id, participant_id, requested_at
"""

KEEP_RELATIONSHIP: Final = """
    INSERT INTO relationship (tenant_id, id, version, program_id, participant_ids) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (tenant_id, id) DO NOTHING
"""

# Two processes at it at once could release a batch and, from an older view, one answer behind it: one at a time.
ALONE: Final = "SELECT pg_try_advisory_xact_lock(hashtextextended('peerloom.feedback.release', 0))"

RELEASE: Final = """
    WITH ready AS (
        SELECT tenant_id, program_id FROM response WHERE released_at IS NULL
        GROUP BY tenant_id, program_id HAVING count(DISTINCT participant_id) >= $1
    )
    UPDATE response SET released_at = now()
    FROM ready
    WHERE response.tenant_id = ready.tenant_id AND response.program_id = ready.program_id AND response.released_at IS NULL
"""
