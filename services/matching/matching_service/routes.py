"""Matching's HTTP API."""

from uuid import UUID

from matching_service import queries
from matching_service.domain.matches import AnsweredAlready, Match, MatchOver, MatchState, NotYourMatch, TooLate
from matching_service.domain.programs import CannotBeMatched, ProgramOver
from matching_service.domain.replays import (
    NoLongerStored,
    NotCompleted,
    NotReproducible,
    Replay,
    ReplayInProgress,
    ReplayOver,
)
from matching_service.domain.runs import Certificate, Run, RunInProgress, RunOver
from matching_service.rules import Answerer, MatchReader, PoolReader, Replayer, ReplayReader, Runner, RunReader
from matching_service.schemas import Answer, CertificateOut, Ending, MatchOut, NewRun, PoolOut, ReplayOut, RunOut, UnmatchedOut
from matching_service.use_cases import answers, endings, replays, runs
from peerloom_service.http.messages import Response
from peerloom_service.http.paging import Cursor, Limit, Page, after, page_of
from peerloom_service.http.routing import Router, problems
from peerloom_service.problems import (
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    NotFound,
)

router = Router(prefix="/v1")
KEYED = (IdempotencyKeyMissing, IdempotencyKeyReused)


@router.post(
    "/match-runs",
    status_code=202,
    response_model=RunOut,
    responses=problems(*KEYED, NotFound, RunInProgress, CannotBeMatched, ProgramOver),
    tags=["runs"],
)
async def request_run(body: NewRun, work: Runner) -> Response:
    """Ask for a program's free people to be matched; follow the run to see how far it is."""
    return await work(
        runs.request,
        runs.RequestRun(work.program(body.program_id), body.seed, body.target_gap, body.fast, body.time_limit_seconds),
        returns=RunOut.of,
        status=202,
        location=lambda run: f"/v1/match-runs/{run.id}",
    )


@router.get("/match-runs", response_model=Page[RunOut], tags=["runs"])
async def list_runs(work: RunReader, limit: Limit = 100, cursor: Cursor = None, program_id: UUID | None = None) -> Page[RunOut]:
    """Runs of the organisation."""
    return await work.page(Run, returns=RunOut.of, limit=limit, cursor=cursor, program_id=program_id)


@router.get("/match-runs/{run_id}", response_model=RunOut, responses=problems(NotFound), tags=["runs"])
async def read_run(run_id: UUID, work: RunReader) -> Response:
    """One run: how far it is, or what came of it."""
    return await work.one(Run, run_id, returns=RunOut.of)


@router.post("/match-runs/{run_id}/cancel", response_model=RunOut, responses=problems(*KEYED, NotFound, RunOver), tags=["runs"])
async def cancel_run(run_id: UUID, work: Runner) -> Response:
    """Cancel a run. Nobody is proposed to anybody."""
    return await work(runs.cancel, run_id, returns=RunOut.of)


@router.post("/match-runs/{run_id}/stop", response_model=RunOut, responses=problems(*KEYED, NotFound, RunOver), tags=["runs"])
async def stop_run(run_id: UUID, work: Runner) -> Response:
    """End a run early: the best pairs found are checked and proposed, with the bound that is proven by then."""
    return await work(runs.stop, run_id, returns=RunOut.of)


@router.get("/match-runs/{run_id}/certificate", response_model=CertificateOut, responses=problems(NotFound), tags=["runs"])
async def read_certificate(run_id: UUID, work: RunReader) -> Response:
    """What was proven of a run's answer, and from what; there once the run has completed."""
    await work.one(Run, run_id, returns=RunOut.of)
    return await work.one(Certificate, run_id, returns=CertificateOut.of)


@router.post(
    "/match-runs/{run_id}/replays",
    status_code=202,
    response_model=ReplayOut,
    responses=problems(*KEYED, NotFound, NotCompleted, NotReproducible, NoLongerStored, ReplayInProgress),
    tags=["replays"],
)
async def request_replay(run_id: UUID, work: Replayer) -> Response:
    """Have a run's stored people matched again, and the answer compared byte by byte; nobody is proposed to anybody."""
    return await work(
        replays.request,
        run_id,
        returns=ReplayOut.of,
        status=202,
        location=lambda replay: f"/v1/match-replays/{replay.id}",
    )


@router.get("/match-replays", response_model=Page[ReplayOut], tags=["replays"])
async def list_replays(
    work: ReplayReader, limit: Limit = 100, cursor: Cursor = None, run_id: UUID | None = None
) -> Page[ReplayOut]:
    """Replays of the organisation."""
    return await work.page(Replay, returns=ReplayOut.of, limit=limit, cursor=cursor, run_id=run_id)


@router.get("/match-replays/{replay_id}", response_model=ReplayOut, responses=problems(NotFound), tags=["replays"])
async def read_replay(replay_id: UUID, work: ReplayReader) -> Response:
    """One replay: how far it is, or whether it gave the same answer."""
    return await work.one(Replay, replay_id, returns=ReplayOut.of)


@router.post(
    "/match-replays/{replay_id}/cancel",
    response_model=ReplayOut,
    responses=problems(*KEYED, NotFound, ReplayOver),
    tags=["replays"],
)
async def cancel_replay(replay_id: UUID, work: Replayer) -> Response:
    """Cancel a replay."""
    return await work(replays.cancel, replay_id, returns=ReplayOut.of)


@router.get("/match-runs/{run_id}/unmatched", response_model=Page[UnmatchedOut], responses=problems(NotFound), tags=["runs"])
async def list_unmatched(run_id: UUID, work: RunReader, limit: Limit = 100, cursor: Cursor = None) -> Page[UnmatchedOut]:
    """Who a run left without a partner, and why."""
    await work.one(Run, run_id, returns=RunOut.of)
    rows = await work.rows(queries.UNMATCHED, work.tenant_id, run_id, after(cursor), limit + 1)
    return page_of(rows, limit, lambda row: UnmatchedOut.model_validate(dict(row.items())))


@router.get("/match-pools/{program_id}", response_model=PoolOut, responses=problems(NotFound, CannotBeMatched), tags=["runs"])
async def read_pool(program_id: UUID, work: PoolReader) -> Response:
    """How many of a program's people are free, proposed to somebody, or in a match."""
    return await work(runs.read_pool, work.program(program_id), returns=PoolOut.of)


@router.get("/matches", response_model=Page[MatchOut], tags=["matches"])
async def list_matches(
    work: MatchReader,
    limit: Limit = 100,
    cursor: Cursor = None,
    program_id: UUID | None = None,
    run_id: UUID | None = None,
    participant_id: UUID | None = None,
    state: MatchState | None = None,
) -> Page[MatchOut]:
    """Proposals and matches of the organisation, or of one participant. People see their own."""
    participant_id = work.person(participant_id, program_id)
    if participant_id is not None:
        asked = participant_id, program_id, run_id, state
        rows = await work.rows(queries.MATCHES_OF_PARTICIPANT, work.tenant_id, after(cursor), limit + 1, *asked)
        return page_of(rows, limit, lambda row: MatchOut.model_validate(dict(row.items())))
    return await work.page(
        Match, returns=MatchOut.of, limit=limit, cursor=cursor, program_id=program_id, run_id=run_id, state=state
    )


@router.get("/matches/{match_id}", response_model=MatchOut, responses=problems(NotFound), tags=["matches"])
async def read_match(match_id: UUID, work: MatchReader) -> Response:
    """One proposal or match, with its reasons."""
    return await work.one(Match, match_id, returns=MatchOut.of)


@router.post(
    "/matches/{match_id}/answers",
    response_model=MatchOut,
    responses=problems(*KEYED, NotFound, NotYourMatch, AnsweredAlready, TooLate),
    tags=["matches"],
)
async def answer_proposal(match_id: UUID, body: Answer, work: Answerer) -> Response:
    """A participant accepts or declines a proposal. People answer for themselves, a client for whom it names."""
    command = answers.AnswerProposal(match_id, work.acting(body.participant_id), body.answer)
    return await work(answers.answer, command, returns=MatchOut.of)


@router.post(
    "/matches/{match_id}/end",
    response_model=MatchOut,
    responses=problems(*KEYED, NotFound, NotYourMatch, MatchOver),
    tags=["matches"],
)
async def end_match(match_id: UUID, body: Ending, work: Answerer) -> Response:
    """Either side, or HR, ends a proposal or a match, without blame. Sessions to come are cancelled, and its people may be
    matched again, with others."""
    command = endings.EndMatch(match_id, body.reason, work.person(body.participant_id))
    return await work(endings.end, command, returns=MatchOut.of)
