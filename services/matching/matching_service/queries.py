"""Every question matching asks of its database, by name. What changes something stands in `sql.py`."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from matching_service.domain.programs import Pool, Program
from peerloom_service.problems import NotFound
from peerloom_service.use_cases.transaction import Transaction

# -- programs ---------------------------------------------------------------------------------------------------------

PROGRAM: Final = """
    SELECT format, options, answer_within_seconds, trio_when_odd, junior_up_to_level, seats_per_senior, ends_on,
           session_minutes, closed_at
    FROM program WHERE tenant_id = $1 AND id = $2
"""
"""A program's copy. `options` is null where the release before wrote it: then the columns after it hold the options."""


async def program(tx: Transaction, program_id: UUID) -> Program:
    """A program, with what it chose of its format's options.

    Raises: NotFound.
    """
    row = await tx.fetchrow(PROGRAM, tx.tenant_id, program_id)
    if row is None:
        raise NotFound(
            f"Matching knows no program {program_id}. A program just launched arrives within a second or two; try again then."
        )
    chosen = {name: row[name] for name in ("trio_when_odd", "junior_up_to_level", "seats_per_senior")}
    return Program(
        format=row["format"],
        options=chosen if row["options"] is None else row["options"],
        answer_within_seconds=row["answer_within_seconds"],
        ends_on=row["ends_on"],
        session_minutes=row["session_minutes"],
        closed_at=row["closed_at"],
    )


# Counted table by table: a join of the three, planned before the first statistics were taken, took many seconds. A level is
# looked up only for who holds so many seats that it decides whether one is left.
POOL: Final = """
    SELECT (SELECT count(*) FROM enrolment WHERE tenant_id = $1 AND program_id = $2 AND stopped_at IS NULL) AS enrolled,
           (SELECT count(*) FROM (
                SELECT participant_id, count(*) AS seats FROM seat WHERE tenant_id = $1 AND program_id = $2 GROUP BY 1
            ) AS held
            WHERE CASE WHEN held.seats >= $5 THEN true WHEN held.seats < $4 THEN false ELSE held.seats >= (
                SELECT CASE WHEN (facts ->> 'hired_on')::date >= $6::date THEN 1
                            ELSE ($3::int[])[least((facts ->> 'employee_level')::numeric, cardinality($3::int[]))::int] END
                FROM member WHERE tenant_id = $1 AND id = held.participant_id
            ) END) AS taken,
           (SELECT coalesce(sum(cardinality(participant_ids)), 0) FROM match
            WHERE tenant_id = $1 AND program_id = $2 AND state = 'proposed') AS proposed,
           (SELECT coalesce(sum(cardinality(participant_ids)), 0) FROM match
            WHERE tenant_id = $1 AND program_id = $2 AND state = 'confirmed') AS confirmed
"""
"""People and seats of a program; $3: seats by employee level, $4 and $5: the fewest and the most of them, $6: since when hired
newcomers are, who have one seat.
"""


async def pool(tx: Transaction, program_id: UUID, seats_by_level: Sequence[int], newcomers_since: date | None) -> Pool:
    """How a program's people stand, where somebody of each level, and a newcomer, may be in so many matches at once."""
    fewest = min(seats_by_level) if newcomers_since is None else 1
    asked = program_id, seats_by_level, fewest, max(seats_by_level), newcomers_since
    row = await tx.fetchrow(POOL, tx.tenant_id, *asked)
    assert row is not None
    return Pool(program_id, row["enrolled"], row["enrolled"] - row["taken"], row["proposed"], row["confirmed"])


# -- the people of a run ----------------------------------------------------------------------------------------------

_TAKES_PART: Final = """enrolment.stopped_at IS NULL AND (member.facts ->> 'hired_on')::date <= {day}::date
      AND member.facts ->> 'on_leave' IS DISTINCT FROM 'true'
      AND coalesce((member.facts ->> 'leaving_on')::date > greatest({day}::date, program.ends_on), true)"""

# Person by person, by the keys: whatever the planner thinks of the tables, that takes the same time, and the first people come
# at once.
FREE_PEOPLE: Final = f"""
    SELECT enrolment.participant_id AS id, member.facts::text AS facts, (member.facts ->> 'manager_id')::uuid AS manager_id,
           member.seats - held.seats AS seats
    FROM enrolment
    CROSS JOIN (
        SELECT max(ends_on) AS ends_on FROM program WHERE program.tenant_id = $1 AND program.id = $2
    ) AS program
    CROSS JOIN LATERAL (
        SELECT count(*)::int AS seats FROM seat
        WHERE seat.tenant_id = $1 AND seat.program_id = $2 AND seat.participant_id = enrolment.participant_id
        HAVING count(*) < $4
    ) AS held
    CROSS JOIN LATERAL (
        SELECT facts, CASE WHEN (facts ->> 'hired_on')::date >= $6::date THEN 1
            ELSE ($3::int[])[least((facts ->> 'employee_level')::numeric, cardinality($3::int[]))::int] END AS seats
        FROM member WHERE member.tenant_id = $1 AND member.id = enrolment.participant_id LIMIT 1
    ) AS member
    WHERE enrolment.tenant_id = $1 AND enrolment.program_id = $2 AND member.seats > held.seats
      AND {_TAKES_PART.format(day="$5")}
    ORDER BY 1
"""
"""Who takes part and has a seat left, in the order of ids; $3: seats by employee level, $4: the most of them, $6: since when
hired newcomers are, who have one.

Nobody before their first day or while on leave on the day $5, and nobody who leaves before the program ends.
"""

PROGRAMS_OF: Final = "SELECT tenant_id, id FROM program WHERE format = ANY($1::text[])"
"""The programs of some formats, of all organisations."""

ARRIVED: Final = f"""
    WITH last AS (SELECT id, state, finished_at FROM run WHERE tenant_id = $1 AND program_id = $2 ORDER BY id DESC LIMIT 1)
    SELECT NOT EXISTS (
        SELECT FROM last WHERE state IN ('requested', 'running') OR state <> 'completed' AND finished_at > $4::timestamptz)
       AND EXISTS (
        SELECT FROM enrolment JOIN member ON member.tenant_id = $1 AND member.id = enrolment.participant_id
        WHERE enrolment.tenant_id = $1 AND enrolment.program_id = $2 AND (member.facts ->> 'hired_on')::date < $3::date
    )
       AND EXISTS (
        SELECT FROM enrolment
        JOIN member ON member.tenant_id = $1 AND member.id = enrolment.participant_id
        JOIN program ON program.tenant_id = $1 AND program.id = $2
        WHERE enrolment.tenant_id = $1 AND enrolment.program_id = $2 AND (member.facts ->> 'hired_on')::date >= $3::date
          AND {_TAKES_PART.format(day="$5")}
          AND NOT EXISTS (
            SELECT FROM seat WHERE seat.tenant_id = $1 AND seat.program_id = $2 AND seat.participant_id = member.id)
          AND NOT EXISTS (
            SELECT FROM unmatched JOIN last ON last.id = unmatched.run_id
            WHERE unmatched.tenant_id = $1 AND unmatched.id = member.id)
    ) AS arrived
"""
"""Whether somebody hired since $3, who takes part on the day $5, waits whom the last run did not leave over, somebody might be
a buddy, and no run is under way or has failed since $4.
"""

MANAGERS_ABOVE: Final = """
    WITH RECURSIVE line (id, manager_id) AS (
        SELECT id, (facts ->> 'manager_id')::uuid FROM member WHERE tenant_id = $1 AND id = ANY($2::uuid[])
        UNION
        SELECT above.id, above.manager_id FROM line CROSS JOIN LATERAL (
            SELECT id, (facts ->> 'manager_id')::uuid AS manager_id FROM member
            WHERE tenant_id = $1 AND id = line.manager_id LIMIT 1
        ) AS above
    )
    SELECT id, manager_id FROM line WHERE manager_id IS NOT NULL
"""
"""These people and everybody above them, up to the top, each with their manager; a circle of managers ends where it closes."""

MET_BEFORE: Final = """
    SELECT mine.participant_id AS id, met.participant_ids
    FROM match_participant AS mine CROSS JOIN LATERAL (
        SELECT participant_ids, state, answer_by, accepted_ids FROM match
        WHERE match.tenant_id = $1 AND match.id = mine.match_id LIMIT 1
    ) AS met
    WHERE mine.tenant_id = $1 AND mine.participant_id = ANY($2::uuid[])
      AND (met.state <> 'expired' OR met.answer_by > now() - make_interval(days => $3))
      AND (met.state <> 'ended' OR cardinality(met.accepted_ids) = cardinality(met.participant_ids))
"""
"""Of these people, with whom each may not be proposed again, in any program: one row for each proposal.

Not counted are proposals that nobody answered for longer than $3 days, and those that ended before everybody had answered.
"""

ASK_AGAIN: Final = "SELECT coalesce(ask_again_after_days, 36500) FROM program WHERE tenant_id = $1 AND id = $2"
"""After how many days a program proposes people again who did not answer; a hundred years where its copy does not say."""

# -- runs, replays and matches ----------------------------------------------------------------------------------------

UNMATCHED: Final = """
    SELECT id, why, partners, removed FROM unmatched WHERE tenant_id = $1 AND run_id = $2 AND id > $3 ORDER BY id LIMIT $4
"""
"""A page of those a run left without a partner."""

MATCHES_OF_PARTICIPANT: Final = """
    SELECT found.*
    FROM match_participant AS mine CROSS JOIN LATERAL (
        SELECT id, version, run_id, program_id, participant_ids, weight, reasons, proposed_at, answer_by, state, accepted_ids,
               declined_id, ended_at, ended_reason, round
        FROM match WHERE match.tenant_id = $1 AND match.id = mine.match_id LIMIT 1
    ) AS found
    WHERE mine.tenant_id = $1 AND mine.participant_id = $4 AND mine.match_id > $2
      AND ($5::uuid IS NULL OR program_id = $5) AND ($6::uuid IS NULL OR run_id = $6) AND ($7::text IS NULL OR state = $7)
    ORDER BY mine.match_id LIMIT $3
"""
"""A page of somebody's proposals and matches; null: of any program, run or state."""

OPEN_OF_PARTICIPANT: Final = """
    id IN (SELECT match_id FROM match_participant WHERE tenant_id = $1 AND participant_id = $2)
    AND state = ANY($3::text[]) AND ($4::uuid IS NULL OR program_id = $4) ORDER BY id FOR UPDATE
"""
"""Somebody's proposals and matches in these states, in all programs or one, locked."""

PROPOSED_TO_ABSENT: Final = """
    run_id = $2 AND state = 'proposed' AND id IN (
        SELECT match_id FROM match_participant WHERE tenant_id = $1 AND participant_id IN (
            SELECT id FROM member
            WHERE tenant_id = $1 AND left_at >= $4 AND (facts ->> 'leaving_on')::date <= current_date
            UNION
            SELECT participant_id FROM enrolment WHERE tenant_id = $1 AND program_id = $3 AND stopped_at >= $4
        )
    ) ORDER BY id FOR UPDATE
"""
"""What a run has just proposed to people who left, paused or withdrew since it began at $4."""

OPEN_IN_CLOSED: Final = """
    SELECT program.tenant_id, program.id, array(
        SELECT match.id FROM match
        WHERE match.tenant_id = program.tenant_id AND match.program_id = program.id AND state IN ('proposed', 'confirmed')
        ORDER BY match.id LIMIT $1
    ) AS matches
    FROM program WHERE closed_at > now() - interval '30 days' ORDER BY closed_at
"""
"""Of programs that were closed lately, some of what is still open."""

OVERDUE: Final = """
    SELECT tenant_id, id, answer_by FROM match
    WHERE state = 'proposed' AND answer_by <= now() AND (answer_by, id) > ($1, $2) ORDER BY answer_by, id LIMIT $3
"""
"""A page of the proposals of all organisations whose time to answer is over, the oldest first."""

PIECE: Final = "SELECT content FROM run_piece WHERE tenant_id = $1 AND run_id = $2 AND part = $3 AND number = $4"
"""One piece of what is stored of a run."""

STORED_ANSWER: Final = "SELECT 1 FROM run_piece WHERE tenant_id = $1 AND run_id = $2 AND part = 'answer' AND number = 0"
"""Whether a run's answer is still stored."""
