from uuid import UUID

from support import RunningService, a_person

from peerloom_events import ParticipantRegistered


async def test_a_registered_person_is_told_to_the_other_services(profile: RunningService, tenant: UUID, heard) -> None:
    people = profile.client(tenant)
    answer = await people.post("/v1/participants", json=a_person())
    assert answer.status_code == 201, answer.text
    (event,) = await heard(ParticipantRegistered)
    assert str(event.participant_id) == answer.json()["id"]
    await profile.settled()
