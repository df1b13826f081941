"""The events of a people file belong to the request that sent it."""

from uuid import UUID

from peerloom_events import ParticipantRegistered
from tests.support import EventLog, RunningService

FILE = (
    "employee_number,name,email,department,job_title,level,location,time_zone,languages,hire_date\n"
    "1,Ada,ada@example.com,R&D,Engineer,3,Berlin,Europe/Berlin,en,2020-01-01\n"
)


async def test_events_of_an_import_have_the_correlation_id_of_the_request_that_sent_it(
    profile: RunningService, event_log: EventLog, tenant: UUID, heard
) -> None:
    headers = {"content-type": "text/csv", "x-correlation-id": "the-nightly-file"}

    sent = await profile.client(tenant).post("/v1/imports", content=FILE, headers=headers)
    await heard(ParticipantRegistered, within=60)

    assert sent.status_code == 202
    (registered,) = event_log.overheard(ParticipantRegistered, tenant)
    assert registered.envelope.correlationid == "the-nightly-file"
