"""What a route is given: the caller's right to run use cases, each in one transaction that is committed before the answer.

A route names the scope it needs and the people who may use it besides clients (`peerloom_service.access.rules`)::

    PeopleWriter = Annotated[Work, allowed("people:write", CLIENTS, ADMINISTRATORS)]

    @router.post("/v1/participants", status_code=201, response_model=ParticipantOut)
    async def register(body: NewParticipant, work: PeopleWriter) -> Response:
        return await work(use_cases.register, body, returns=ParticipantOut.of, status=201)
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar
from uuid import UUID

import asyncpg
import structlog
from fastapi import Security
from fastapi.openapi.models import OAuth2 as OAuth2Model
from fastapi.openapi.models import OAuthFlows
from fastapi.security.base import SecurityBase
from pydantic import BaseModel
from starlette.types import Scope

from peerloom_service.access.rules import Guard, Rule, Tie, Who
from peerloom_service.auth import TENANT_CLAIM, require_scopes
from peerloom_service.context import ANY_VERSION, Caller, Cause, ExpectedVersion, IdempotencyKey
from peerloom_service.http.etags import etag, expected_version, is_known
from peerloom_service.http.messages import Response, header
from peerloom_service.http.paging import Item, Page, after, page_of
from peerloom_service.problems import (
    BadRequest,
    Forbidden,
    IdempotencyKeyMissing,
    NotFound,
    PreconditionRequired,
    Unauthenticated,
    Unavailable,
)
from peerloom_service.settings import ServiceSettings
from peerloom_service.storage.database import LOST, TRANSIENT, Database
from peerloom_service.telemetry import current_traceparent
from peerloom_service.use_cases.idempotency import first_answer
from peerloom_service.use_cases.outcome import UNKNOWN, UNKNOWN_WITH_KEY, Outcome
from peerloom_service.use_cases.runtime import Runtime
from peerloom_service.use_cases.transaction import KeyTaken, OutcomeUnknown, Transaction

Command = TypeVar("Command")
Result = TypeVar("Result")
Entity = TypeVar("Entity")

UseCase = Callable[[Transaction, Command], Awaitable[Result]]

KEYED_METHODS: Final = frozenset({"POST"})
"""Requests that need an Idempotency-Key."""

ON_BEHALF_OF: Final = b"peerloom-on-behalf-of"
"""Header in which a client names the participant it acts for."""

REPRESENT_SCOPE: Final = "people:represent"

LONGEST_KEY: Final = 255
_MORE_TRIES = 2


class Work:
    """One request's access to the service's use cases and data, for one organisation."""

    def __init__(self, runtime: Runtime, scope: Scope, caller: Caller, guard: Guard, body: bytes) -> None:
        self._runtime = runtime
        self._scope = scope
        self._body = body
        self._guard = guard
        self.caller = caller

    @property
    def tenant_id(self) -> UUID:
        """The caller's organisation.

        Raises: Forbidden for an operator's token, which belongs to none.
        """
        if self.caller.tenant_id is None:
            raise Forbidden(
                f"The access token lacks the claim '{TENANT_CLAIM}': this needs the token of an organisation's client."
            )
        return self.caller.tenant_id

    def person(self, named: UUID | None, program_id: UUID | None = None) -> UUID | None:
        """About whom a question is: whoever is named, where the caller may ask about them (a client, an administrator, a
        manager of the program that is named too); of anybody else only themselves, also where they name nobody.

        Raises: Forbidden.
        """
        return self._guard.person(named, program_id)

    def acting(self, named: UUID) -> UUID:
        """Who is said to act: a client says for whom, people act for themselves.

        Raises: Forbidden.
        """
        self._guard.person(named)
        return named

    def program(self, program_id: UUID) -> UUID:
        """The program a request is about. Raises: Forbidden for somebody who has to manage it and does not."""
        self._guard.program(program_id)
        return program_id

    @property
    def settings(self) -> ServiceSettings:
        """What this process was told."""
        return self._runtime.settings

    @property
    def database(self) -> Database:
        """For what is no use case: keeping an upload while it arrives."""
        return self._runtime.database

    # -- changing -----------------------------------------------------------------------------------------------------

    async def __call__(
        self,
        use_case: UseCase[Command, Result],
        command: Command,
        *,
        returns: Callable[[Result], BaseModel | Response],
        status: int = 200,
        location: Callable[[Result], str] | None = None,
        fingerprint: bytes | None = None,
    ) -> Response:
        """Run a use case in one transaction, commit it and answer. A repeat with the same Idempotency-Key is given the first
        answer again.

        `fingerprint` stands for the body where it was streamed rather than read. A lost connection is tried again: the
        key makes that safe even where the first try had in fact been committed.
        """
        key = self._idempotency_key(fingerprint)
        outcome = Outcome(self._runtime.database, repeatable=key is not None)
        try:
            return await _while_lost(lambda: outcome.of(lambda: self._once(use_case, command, key, returns, status, location)))
        except KeyTaken:
            assert key is not None
            try:
                return await _while_lost(lambda: first_answer(self._runtime.database, self.caller.tenant_id, key))
            except TRANSIENT as error:
                raise Unavailable(UNKNOWN_WITH_KEY) from error
        except asyncpg.LockNotAvailableError as error:
            raise Unavailable("Something else is changing what this needs. Nothing was changed; try again.") from error
        except TRANSIENT as error:
            _log.warning("database unavailable", error=repr(error))
            if outcome.unknown:
                raise Unavailable(UNKNOWN if key is None else UNKNOWN_WITH_KEY) from error
            raise Unavailable("The service's database cannot be reached. Nothing was changed; try again.") from error

    async def _once(
        self,
        use_case: UseCase[Command, Result],
        command: Command,
        key: IdempotencyKey | None,
        returns: Callable[[Result], BaseModel | Response],
        status: int,
        location: Callable[[Result], str] | None,
    ) -> Response:
        runtime = self._runtime
        async with runtime.database.connection(self.caller.tenant_id) as connection:
            tx = Transaction(
                connection,
                runtime.storages,
                tenant_id=self.caller.tenant_id,
                cause=self._cause(),
                key=key,
                check=self._guard.check,
                asked_for=True,
            )
            try:
                result = await use_case(tx, command)
                self._guard.require()
                response = _response(result, returns(result), status, location)
                published = await tx.commit(response)
            except OutcomeUnknown as unknown:
                unknown.response = response
                raise
            except BaseException:
                await tx.rollback()
                raise
        if published:
            runtime.wake_relay.set()
        return response

    def _cause(self) -> Cause:
        kind, id_ = self.caller.actor
        return Cause(self._scope["correlation_id"], traceparent=current_traceparent(), actor_type=kind, actor_id=id_)

    def _idempotency_key(self, fingerprint: bytes | None) -> IdempotencyKey | None:
        scope = self._scope
        if scope["method"] not in KEYED_METHODS:
            return None
        given = header(scope, b"idempotency-key")
        key = given.strip(' "')
        if not key:
            raise IdempotencyKeyMissing("Send a new random Idempotency-Key with each request, and the same one to repeat it.")
        if len(given) > LONGEST_KEY or not given.isascii() or not given.isprintable():
            raise BadRequest(f"An Idempotency-Key has at most {LONGEST_KEY} printable ASCII characters.")
        digest = hashlib.sha256(f"{scope['method']} {scope['path']}?".encode() + scope["query_string"] + b"\n")
        digest.update(self._body if fingerprint is None else fingerprint)
        if self.caller.is_person:  # nobody is given the answer to somebody else's request
            digest.update(f"\n{self.caller.person_id}".encode())
        return IdempotencyKey(key, digest.digest())

    def if_match(self) -> ExpectedVersion:
        """Versions the caller is willing to change, from If-Match.

        Raises: PreconditionRequired without the header, PreconditionFailed for one that no version can have.
        """
        given = header(self._scope, b"if-match")
        if not given:
            raise PreconditionRequired("Send the ETag you last read as If-Match, so that nobody's change is overwritten.")
        return expected_version(given)

    def expected(self) -> ExpectedVersion:
        """The same where If-Match may be left out: then whichever version there is.

        Raises: PreconditionFailed.
        """
        given = header(self._scope, b"if-match")
        return expected_version(given) if given else ANY_VERSION

    # -- reading ------------------------------------------------------------------------------------------------------

    async def one(self, entity: type[Entity], id_: UUID, *, returns: Callable[[Entity], BaseModel]) -> Response:
        """An entity of the caller's organisation, with its ETag; 304 where the caller has it already.

        Raises: NotFound.
        """
        found = await self.entity(entity, id_)
        if found is None:
            table = self._runtime.storages[entity].table
            raise NotFound(f"There is no {table.replace('_', ' ')} {id_} in your organisation.")
        response = _response(found, returns(found), 200, None)
        if is_known(header(self._scope, b"if-none-match"), response.headers.get("etag", "")):
            return Response(304, b"", response.headers)
        return response

    async def entity(self, entity: type[Entity], id_: UUID) -> Entity | None:
        """An entity of the caller's organisation that they may see; None where there is none.

        Raises: Forbidden.
        """
        storage = self._runtime.storages[entity]
        row = await _reading(self._runtime.database.fetchrow, self.tenant_id, storage.select, self.tenant_id, id_)
        if row is None:
            return None
        found: Entity = storage.load(row)
        self._guard.check(found)
        self._guard.require()
        return found

    async def page(
        self,
        entity: type[Entity],
        *,
        returns: Callable[[Entity], Item],
        limit: int,
        cursor: str | None,
        **equal: Any,
    ) -> Page[Item]:
        """Entities in the order of their ids, those whose columns equal what is given, or contain it where a column is a list
        (None: not asked for), and of those the ones the caller may see."""
        storage = self._runtime.storages[entity]
        asked = {name: value for name, value in equal.items() if value is not None}
        conditions = "".join(f" AND {storage.condition(name, position)}" for position, name in enumerate(asked, start=4))
        visible, values = self._guard.condition(entity, storage.condition, 4 + len(asked))
        rows = await self.rows(
            f"SELECT {', '.join(storage.columns)} FROM {storage.table} "
            f"WHERE tenant_id = $1 AND id > $2{conditions}{visible} ORDER BY id LIMIT $3",
            self.tenant_id,
            after(cursor),
            limit + 1,
            *asked.values(),
            *values,
        )
        return page_of(rows, limit, lambda row: returns(storage.load(row)))

    async def rows(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """Rows of a constant statement that names the tenant itself; only once it is known that the caller may ask."""
        self._guard.require()
        return await _reading(self._runtime.database.fetch, self.tenant_id, sql, *values)

    async def row(self, sql: str, *values: Any) -> asyncpg.Record | None:
        """The first of these rows."""
        self._guard.require()
        return await _reading(self._runtime.database.fetchrow, self.tenant_id, sql, *values)


class Allowed(SecurityBase):
    """The dependency behind `allowed`: declares that a token is needed, and looks at it. `openapi` says where to get one."""

    def __init__(self, rule: Rule) -> None:
        self.model = OAuth2Model(flows=OAuthFlows())
        self.scheme_name = "oauth2"
        self.rule = rule

    async def __call__(self) -> Work:
        raise NotImplementedError("routes are made by peerloom_service.http.routing.Router")

    async def caller(self, runtime: Runtime, scope: Scope, needed: Sequence[str]) -> tuple[Caller, Guard]:
        """Whom the bearer token speaks for, and what the rule goes on to look at.

        Raises: Unauthenticated; Forbidden where it lacks a scope that is needed, or the rule does not admit the caller.
        """
        scheme, _, token = header(scope, b"authorization").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("Send an access token of your organisation's issuer: Authorization: Bearer <token>.")
        caller = await runtime.verifier.caller(token)
        scope["client_id"] = caller.client_id
        require_scopes(caller, needed)
        caller = _on_behalf(caller, header(scope, ON_BEHALF_OF))
        return caller, self.rule.admit(caller)


def allowed(scope: str, *who: Who, of: Tie | Sequence[Tie] = ()) -> Any:
    """Who may use a route: those with the scope who are one of `who`, where people and managers have to do with a thing `of`
    these kinds. To be written into an annotation: `Annotated[Work, allowed(…)]`.
    """
    ties = (of,) if isinstance(of, Tie) else tuple(of)
    return Security(Allowed(Rule(scope, frozenset(who), ties)), scopes=[scope])


def _on_behalf(caller: Caller, named: str) -> Caller:
    """The client as somebody it acts for, where it says so: it then may do what that person may, and no more.

    Raises: Forbidden for a client without the scope for it, and for people; BadRequest for what is no id.
    """
    if not named:
        return caller
    if caller.tenant_id is None or caller.is_person or caller.scopes is None:
        raise Forbidden("Only an organisation's client acts on behalf of somebody.")
    require_scopes(caller, [REPRESENT_SCOPE])
    try:
        person_id = UUID(named)
    except ValueError as error:
        raise BadRequest("Peerloom-On-Behalf-Of is the id of a participant.") from error
    return replace(caller, on_behalf_of=person_id, person_id=person_id)


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


async def _while_lost(attempt: Callable[[], Awaitable[Result]]) -> Result:
    """Once more where the connection was lost, and once more again: the second may have been cut off with the first."""
    for _ in range(_MORE_TRIES):
        try:
            return await attempt()
        except LOST:
            continue
    return await attempt()


async def _reading(read: Callable[..., Awaitable[Result]], *args: Any) -> Result:
    try:
        return await _while_lost(lambda: read(*args))
    except TRANSIENT as error:
        _log.warning("database unavailable", error=repr(error))
        raise Unavailable("The service's database cannot be reached at the moment. Try again.") from error


def _response(result: Any, body: BaseModel | Response, status: int, location: Callable[[Any], str] | None) -> Response:
    if isinstance(body, Response):
        return body
    headers: dict[str, str] = {}
    version = getattr(body, "version", None)
    if version is not None:
        headers["etag"] = etag(version)
    if location is not None:
        headers["location"] = location(result)
    return Response(status, body.__pydantic_serializer__.to_json(body), headers)
