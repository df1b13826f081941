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
