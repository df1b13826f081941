"""Routes of a service: declared, validated and documented as FastAPI's, and run without its solving of dependencies.

FastAPI finds out with each request what a function wants and where that comes from, which costs more than all of a plain read
besides. Here a route finds out once, when it is declared, and takes less: parameters of path and query, one JSON body, and
`Work`, whose scopes say which token is needed. A function that takes the `Request` as well reads the body by itself.
"""

from collections.abc import Callable
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from peerloom_service.http.fastapi_parts import Finding, Signature
from peerloom_service.http.findings import refusal
from peerloom_service.http.messages import Response
from peerloom_service.http.request_bodies import JsonBody, limited, read
from peerloom_service.http.work import Allowed, Work
from peerloom_service.problems import MethodNotAllowed, Problem
from peerloom_service.use_cases.runtime import Runtime

_WITHOUT_BODY: Final = frozenset({"GET", "HEAD"})
_PROBLEMS: Final = "problems"


def problems(*kinds: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """How a route can go wrong besides what every route can: `responses=problems(NotFound, SlotTaken)`."""
    declared: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        declared.setdefault(kind.status, {_PROBLEMS: []})[_PROBLEMS].append(kind)
    return declared


class Router(APIRouter):
    """The routes of a service."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=Route, **options)


class Route(APIRoute):
    """One operation on one path."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        declared = options.pop("responses", None) or {}
        super().__init__(path, endpoint, **options)
        self.problems: list[type[Problem]] = [kind for entry in declared.values() for kind in entry[_PROBLEMS]]
        self.takes = takes = Signature.of(path, endpoint, self.dependant)
        if not isinstance(takes.dependency, Allowed):
            raise TypeError(f"{path}: a route takes Work, by a rule: Annotated[Work, allowed(scope, …)]")
        self.allowed = takes.dependency
        self._methods = frozenset(self.methods or ())
        self._body = JsonBody(takes.body_type) if takes.body_name else None

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request whose path is this route's."""
        method: str = scope["method"]
        if method not in self._methods:
            reading = self._reading(scope)
            if reading is not self:
                await reading.handle(scope, receive, send)
                return
        takes, runtime = self.takes, _runtime(scope)
        caller, guard = await self.allowed.caller(runtime, scope, takes.scopes)
        body = b""
        if method not in _WITHOUT_BODY:
            receive = limited(
                scope, receive, self.max_body_size or runtime.settings.body_limit, runtime.settings.request_seconds
            )
            body = b"" if takes.request_name else await read(receive)

        values, findings = self._values(scope, body)
        if findings:
            raise refusal(findings)
        values[takes.dependency_name] = Work(runtime, scope, caller, guard, body)
        if takes.request_name:
            values[takes.request_name] = Request(scope, receive)

        result = await self.endpoint(**values)
        if isinstance(result, BaseModel):
            result = Response(self.status_code or 200, result.__pydantic_serializer__.to_json(result))
        await result.send(send, to=method)

    def _values(self, scope: Scope, body: bytes) -> tuple[dict[str, Any], list[Finding]]:
        values, findings = self.takes.path_values(scope["path_params"])
        found, wrong = self.takes.query_values(scope["query_string"])
        values |= found
        findings += wrong
        if self._body is not None:
            values[str(self.takes.body_name)], wrong = self._body.value(scope, body)
            findings += wrong
        return values, findings

    def _reading(self, scope: Scope) -> "Route":
        """The route that answers a HEAD, which is any GET without its body.

        Raises: MethodNotAllowed for any other method, naming all the path takes.
        """
        routes = scope["app"].router.routes
        by_method = {
            method: route
            for route in routes
            if isinstance(route, Route) and route.path == self.path
            for method in route._methods  # noqa: SLF001 - of its own kind
        }
        if "GET" in by_method:
            by_method["HEAD"] = by_method["GET"]
        if scope["method"] == "HEAD" and "HEAD" in by_method:
            return by_method["HEAD"]
        allowed = ", ".join(sorted(by_method))
        raise MethodNotAllowed(f"{scope['method']} is not possible here; {allowed} is.", headers={"allow": allowed})


def _runtime(scope: Scope) -> Runtime:
    runtime: Runtime = scope["app"].state.runtime
    return runtime
