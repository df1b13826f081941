"""What a run's worker holds does not grow with the number of people."""

import tracemalloc
from datetime import date
from uuid import UUID

from matching_service.run_population import read_pages
from peerloom_service.identifiers import new_id
from tests.support import RunningService

SOME_PEOPLE = """
    WITH people AS (SELECT gen_random_uuid() AS id FROM generate_series(1, $3::int)),
    members AS (
        INSERT INTO member (tenant_id, id, version, facts) SELECT $1, id, 1, jsonb_build_object(
            'employee_level', 4, 'department', 'Engineering', 'job_title', 'Engineer', 'location', 'Berlin',
            'time_zone', 'Europe/Berlin', 'languages', jsonb_build_array('en'), 'hired_on', '2022-03-01',
            'manager_id', (SELECT min(id::text) FROM people),
            'working_hours', '{"starts": 540, "ends": 1020, "weekdays": [1, 2]}'::jsonb,
            'offers', '[{"skill": "Python", "level": 4}]'::jsonb,
            'seeks', '[{"skill": "Public speaking", "level": 1, "priority": 1}]'::jsonb, 'goals', '["lead a team"]'::jsonb
        ) FROM people
    ),
    met AS (
        INSERT INTO match (tenant_id, id, version, run_id, program_id, participant_ids, weight, reasons, proposed_at, answer_by,
                           state, accepted_ids)
        SELECT $1, gen_random_uuid(), 1, $2, $2, ARRAY[id, lead(id, 1, id) OVER (ORDER BY id)], 1,
               '[]', now(), now(), 'declined', '{}'
        FROM people
    )
    INSERT INTO enrolment (tenant_id, id, version, program_id, participant_id) SELECT $1, id, 1, $2, id FROM people
"""


async def most_held(matching: RunningService, people: int) -> int:
    """Bytes Python holds at most while the people of a run of so many are read."""
    tenant, program = new_id(), new_id()
    await matching.runtime.database.execute(tenant, SOME_PEOPLE, tenant, program, people)
    read = 0
    tracemalloc.start()
    try:
        async for page in read_pages(matching.runtime.database, tenant, program, [1], date(2026, 12, 1)):
            read += len(page.seats)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert read == people
    return most


async def test_reading_five_times_as_many_people_takes_no_more_memory(matching: RunningService, tenant: UUID) -> None:
    await most_held(matching, 10)  # what is made once, for the first statement

    few, many = [await most_held(matching, people) for people in (4_000, 20_000)]

    assert many < 1.3 * few, f"{few:,} bytes for 4,000 people, {many:,} for 20,000"
