"""Routes of a service: declared, validated and documented as FastAPI's, and run without its solving of dependencies.

FastAPI finds out with each request what a function wants and where that comes from, which costs more than all of a plain read
besides. Here a route finds out once, when it is declared, and takes less: parameters of path and query, one JSON body, and
`Work`, whose scopes say which token is needed. A function that takes the `Request` as well reads the body by itself.
"""

from collections.abc import Callable
from inspect import signature
from typing import Any, Final, cast

from fastapi import APIRouter, Request, params
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from peerloom_service.http.messages import Response, header
from peerloom_service.http.work import Work, authorized
from peerloom_service.problems import (
    BadRequest,
    Forbidden,
    Invalid,
    MethodNotAllowed,
    PayloadTooLarge,
    Problem,
    Unauthenticated,
)
from peerloom_service.use_cases.runtime import Runtime

_WITHOUT_BODY: Final = frozenset({"GET", "HEAD"})
_MOST_FINDINGS: Final = 100

Finding = dict[str, Any]
"""One of pydantic's errors, with where it was found as FastAPI says it: `("body", "skills", 0, "level")`."""


def problems(*kinds: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """What a route documents of how it can go wrong: `responses=problems(NotFound, SlotTaken)`."""
    documented: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        entry = documented.setdefault(
            kind.status, {"description": "", "content": {"application/problem+json": {"schema": _PROBLEM_SCHEMA}}}
        )
        entry["description"] = "; ".join(filter(None, (entry["description"], kind.title)))
    return documented


_PROBLEM_SCHEMA: Final = {
    "type": "object",
    "title": "Problem",
    "required": ["type", "title", "status", "detail", "instance", "trace_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "trace_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}}},
        },
    },
}


class Router(APIRouter):
    """The routes of a service. Any of them may refuse the token."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=Route, responses=problems(Unauthenticated, Forbidden), **options)


class Route(APIRoute):
    """One operation on one path."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        wants = self.dependant
        (caller, *others) = wants.dependencies or (Dependant(),)
        self._methods = frozenset(self.methods or ())
        self._work, self._scopes = str(caller.name), tuple(caller.own_oauth_scopes or ())
        self._path = [(field.name, field.alias, field) for field in wants.path_params]
        self._query = wants.query_params
        self._body = _Body(path, wants.body_params) if wants.body_params else None
        self._request = wants.request_param_name
        given = {self._work, self._request, self._body and self._body.name}
        given |= {field.name for field in (*wants.path_params, *wants.query_params)}
        if caller.call is not authorized or others or not signature(endpoint).parameters.keys() <= given:
            raise TypeError(f"{path}: a route takes Work, and besides it parameters of path and query, a body, or the Request")

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Response a request whose path is this route's."""
        method: str = scope["method"]
        if method not in self._methods:
            raise MethodNotAllowed(f"{method} is not possible here.", headers={"allow": ", ".join(self._methods)})
        runtime: Runtime = scope["app"].state.runtime
        caller = await authorized.caller(runtime, scope, self._scopes)
        body = b""
        if method not in _WITHOUT_BODY:
            receive = _limited(scope, receive, self.max_body_size or runtime.settings.body_limit)
            body = b"" if self._request else await _read(receive)

        values, findings = self._parameters(scope)
        if self._body is not None:
            values[self._body.name], wrong = self._body.value(scope, body)
            findings += wrong
        if findings:
            raise _invalid(findings)
        values[self._work] = Work(runtime, scope, caller, body)
        if self._request:
            values[self._request] = Request(scope, receive)

        result = await self.endpoint(**values)
        if isinstance(result, BaseModel):
            result = Response(self.status_code or 200, result.__pydantic_serializer__.to_json(result))
        await result.send(send)

    def _parameters(self, scope: Scope) -> tuple[dict[str, Any], list[Finding]]:
        values: dict[str, Any] = {}
        findings: list[Finding] = []
        for name, alias, field in self._path:
            values[name], wrong = field.validate(scope["path_params"][alias], loc=("path", alias))
            findings += wrong
        if self._query:
            found, wrong = request_params_to_args(self._query, QueryParams(scope["query_string"]))
            values |= found
            findings += wrong
        return values, findings


class _Body:
    """The JSON body of a route, by the name its function gives it."""

    def __init__(self, path: str, wanted: list[ModelField]) -> None:
        (field, *more) = wanted
        if more or type(field.field_info) is not params.Body or not field.field_info.is_required():
            raise TypeError(f"{path}: a route takes one body, and it is JSON and has no default")
        self.name = field.name
        self._adapter: TypeAdapter[Any] = TypeAdapter(cast(Any, field.field_info.annotation))

    def value(self, scope: Scope, body: bytes) -> tuple[Any, list[Finding]]:
        """What was sent, and what is wrong with it."""
        if not body:
            return None, [{"type": "missing", "loc": ("body",), "msg": "Field required"}]
        try:
            if _is_json(header(scope, b"content-type")):
                return self._adapter.validate_json(body), []
            return self._adapter.validate_python(body), []  # bytes are no object: the finding says what was expected
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            return None, [{**finding, "loc": ("body", *finding["loc"])} for finding in found]


def _is_json(content_type: str) -> bool:
    kind, _, subtype = content_type.partition(";")[0].strip().lower().partition("/")
    return kind == "application" and (subtype == "json" or subtype.endswith("+json"))


def _limited(scope: Scope, receive: Receive, limit: int) -> Receive:
    """The same body, refused once it is longer than the limit, whether or not it says how long it is."""
    declared = header(scope, b"content-length")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large()
    taken = 0

    async def receive_limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise _too_large()
        return message

    return receive_limited


def _too_large() -> PayloadTooLarge:
    return PayloadTooLarge("Send less at once: the body is larger than this address takes.")


async def _read(receive: Receive) -> bytes:
    pieces = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        pieces.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(pieces)


def _invalid(findings: list[Finding]) -> Invalid | BadRequest:
    if any(finding["type"] == "json_invalid" for finding in findings):
        return BadRequest("The body is not valid JSON.")
    errors = [
        {"pointer": _pointer(finding["loc"]), "detail": finding["msg"], "code": finding["type"]}
        for finding in findings[:_MOST_FINDINGS]
    ]
    return Invalid("See errors for each value and what is wrong with it.", errors=errors)


def _pointer(location: tuple[Any, ...]) -> str:
    where, *path = location
    steps = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
    return f"#{steps}" if where == "body" else f"{where}:{steps.lstrip('/')}"
