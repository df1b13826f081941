"""Kudos over HTTP."""

from uuid import UUID

from feedback_service.domain.recognition import Kudos, KudosToOneself
from feedback_service.domain.relationships import NotOfThisRelationship
from feedback_service.routes.access import KEYED
from feedback_service.rules import KudosGiver, KudosReader, KudosReceiver
from feedback_service.schemas import KudosChange, KudosOut, NewKudos
from feedback_service.use_cases import recognition
from peerloom_service.http.messages import Response
from peerloom_service.http.paging import Cursor, Limit, Page
from peerloom_service.http.routing import Router, problems
from peerloom_service.problems import NotFound

router = Router(prefix="/v1/kudos", tags=["recognition"])


@router.get("", response_model=Page[KudosOut])
async def list_kudos(
    work: KudosReader,
    limit: Limit = 100,
    cursor: Cursor = None,
    program_id: UUID | None = None,
    giver_id: UUID | None = None,
    receiver_id: UUID | None = None,
    shared: bool | None = None,
) -> Page[KudosOut]:
    """Kudos of the organisation. Show those that are not `shared` to their giver and receiver alone."""
    return await work.page(
        Kudos,
        returns=KudosOut.of,
        limit=limit,
        cursor=cursor,
        program_id=program_id,
        giver_id=giver_id,
        receiver_id=receiver_id,
        shared=shared,
    )


@router.get("/{kudos_id}", response_model=KudosOut, responses=problems(NotFound))
async def read_kudos(kudos_id: UUID, work: KudosReader) -> Response:
    """One participant's kudos for another, with an ETag."""
    return await work.one(Kudos, kudos_id, returns=KudosOut.of)


@router.post(
    "",
    status_code=201,
    response_model=KudosOut,
    responses=problems(*KEYED, NotFound, NotOfThisRelationship, KudosToOneself),
)
async def give_kudos(body: NewKudos, work: KudosGiver) -> Response:
    """A participant tells a colleague of the same relationship what they did well."""
    return await work(
        recognition.give_kudos,
        recognition.GiveKudos(body.match_id, work.acting(body.giver_id), body.receiver_id, body.text),
        returns=KudosOut.of,
        status=201,
        location=lambda kudos: f"/v1/kudos/{kudos.id}",
    )


@router.patch("/{kudos_id}", response_model=KudosOut, responses=problems(NotFound))
async def show_kudos(kudos_id: UUID, body: KudosChange, work: KudosReceiver) -> Response:
    """Their receiver lets others see them, or no longer."""
    command = recognition.ShowKudos(kudos_id, body.shared, work.if_match())
    return await work(recognition.show_kudos, command, returns=KudosOut.of)
