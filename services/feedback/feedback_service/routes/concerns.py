"""The private channel to the owner of a program, over HTTP."""

from uuid import UUID

from feedback_service.domain.concerns import Concern, ConcernState
from feedback_service.domain.relationships import NotOfThisRelationship
from feedback_service.routes.access import KEYED
from feedback_service.rules import ConcernKeeper, ConcernRaiser, ConcernReader
from feedback_service.schemas import ConcernChange, ConcernOut, ConcernRaisedOut, NewConcern
from feedback_service.use_cases import concerns
from peerloom_service.http.messages import Response
from peerloom_service.http.paging import Cursor, Limit, Page
from peerloom_service.http.routing import Router, problems
from peerloom_service.problems import NotFound

router = Router(prefix="/v1/concerns", tags=["concerns"])


@router.get("", response_model=Page[ConcernOut])
async def list_concerns(
    work: ConcernReader,
    limit: Limit = 100,
    cursor: Cursor = None,
    program_id: UUID | None = None,
    state: ConcernState | None = None,
) -> Page[ConcernOut]:
    """Concerns of the organisation's participants, for those who look after its programs and for nobody else."""
    return await work.page(Concern, returns=ConcernOut.of, limit=limit, cursor=cursor, program_id=program_id, state=state)


@router.get("/{concern_id}", response_model=ConcernOut, responses=problems(NotFound))
async def read_concern(concern_id: UUID, work: ConcernReader) -> Response:
    """One concern, with an ETag."""
    return await work.one(Concern, concern_id, returns=ConcernOut.of)


@router.post("", status_code=201, response_model=ConcernRaisedOut, responses=problems(*KEYED, NotFound, NotOfThisRelationship))
async def raise_concern(body: NewConcern, work: ConcernRaiser) -> Response:
    """A participant tells the owner of the program in private. Their partner and their managers do not learn of it."""
    return await work(
        concerns.raise_concern,
        concerns.RaiseConcern(body.match_id, work.acting(body.participant_id), body.text),
        returns=ConcernRaisedOut.of,
        status=201,
        location=lambda concern: f"/v1/concerns/{concern.id}",
    )


@router.patch("/{concern_id}", response_model=ConcernOut, responses=problems(NotFound))
async def move_concern(concern_id: UUID, body: ConcernChange, work: ConcernKeeper) -> Response:
    """Take a concern in hand, close it, or open it again."""
    command = concerns.MoveConcern(concern_id, body.state, work.if_match())
    return await work(concerns.move_concern, command, returns=ConcernOut.of)
