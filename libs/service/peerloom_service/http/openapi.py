"""The OpenAPI document of a service: FastAPI's, completed by what every route of ours asks for, answers and fails with.

What it adds follows from the route alone: its method, its body, its path, the problems it names and the body it answers with.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from peerloom_service.http.examples import Examples
from peerloom_service.http.openapi_components import HEADER_NAMES, HEADERS, PARAMETERS, PROBLEM, PROBLEM_HEADERS, Document
from peerloom_service.http.routing import Route
from peerloom_service.http.work import KEYED_METHODS
from peerloom_service.problems import (
    BadRequest,
    Forbidden,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    Invalid,
    NotFound,
    PayloadTooLarge,
    PreconditionFailed,
    PreconditionRequired,
    Problem,
    RequestInProgress,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)

_SUCCESS: Final = {
    200: "Done.",
    201: "Created; `Location` is where it is read.",
    202: "Accepted; follow it at `Location`.",
}
_PROBLEM_JSON: Final = "application/problem+json"
_FASTAPIS_OWN: Final = ("HTTPValidationError", "ValidationError")
_CONDITIONAL: Final = frozenset({"PATCH"})
_CREATING: Final = frozenset({201, 202})
_EXAMPLE_ID: Final = "0193b1f0-6e4a-7c11-9d3e-2f5a8c7b4e10"

_ABOUT: Final = """

Every request needs an access token of the organisation's issuer with the scope its operation names. A `POST` needs an
`Idempotency-Key`: repeat a request with its key, and you are given the first answer again. Whatever goes wrong is answered with
a problem document (RFC 9457); its `code` says which, and `docs/problems/<code>.md` what to do about it. Each answer carries an
`X-Correlation-Id`, yours where you sent one: it finds the request's log line, its events and its trace."""


def openapi_document(
    *, title: str, description: str, routes: Sequence[BaseRoute], scopes: Mapping[str, str], server: str, token_url: str
) -> Document:
    """OpenAPI 3.1. `server`: where the service is reached; `token_url`: where its issuer hands out tokens."""
    document = get_openapi(
        title=title,
        version="1",
        description=description + _ABOUT,
        routes=routes,
        servers=[{"url": server}],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    components = document.setdefault("components", {})
    schemas: Document = components.setdefault("schemas", {})
    for name in _FASTAPIS_OWN:
        schemas.pop(name, None)
    schemas["Problem"] = PROBLEM
    components["securitySchemes"] = {"oauth2": _security(scopes, token_url)}
    examples = Examples(schemas)
    for schema in schemas.values():
        for field in schema.get("properties", {}).values():
            if isinstance(field.get("default"), dict):
                del field["default"]  # makers of clients give up over an object as a default
    for route in routes:
        if isinstance(route, Route):
            for method in route.methods or ():
                _complete(document["paths"][route.path_format][method.lower()], route, method, examples)
    for kind, shared in (("headers", HEADERS), ("parameters", PARAMETERS)):
        used = set(_referred(document["paths"], f"#/components/{kind}/"))
        components[kind] = {name: component for name, component in shared.items() if name in used}
    return document


def problems_of(route: Route, method: str) -> list[type[Problem]]:
    """Every problem a request to the route may be answered with, the general ones first."""
    return list(dict.fromkeys([*_general_problems(route, method), *route.problems]))


def _general_problems(route: Route, method: str) -> Iterator[type[Problem]]:
    yield BadRequest
    yield Unauthenticated
    yield Forbidden
    if route.takes.path_names:
        yield NotFound
    if method in _CONDITIONAL:
        yield PreconditionFailed
        yield PreconditionRequired
    if method != "GET":
        yield PayloadTooLarge
    if route.takes.body_name:
        yield UnsupportedMediaType
    if method in KEYED_METHODS:
        yield IdempotencyKeyMissing
        yield RequestInProgress
        yield IdempotencyKeyReused
    yield Invalid
    yield Problem
    yield Unavailable


def _complete(operation: Document, route: Route, method: str, examples: Examples) -> None:
    versioned = "version" in getattr(route.response_model, "model_fields", {})
    operation["operationId"] = route.name
    parameters = operation.setdefault("parameters", [])
    for parameter in parameters:
        parameter["schema"] = _without_null(parameter["schema"])  # an address cannot say null: it leaves the parameter out
        if parameter["in"] == "path":
            parameter.setdefault("example", examples.of(parameter["schema"], parameter["name"]))
    if method in KEYED_METHODS:
        parameters.append(_reference("parameters", "IdempotencyKey"))
    if method in _CONDITIONAL:
        parameters.append(_reference("parameters", "IfMatch"))
    elif PreconditionFailed in route.problems:
        parameters.append(_reference("parameters", "IfMatchIfAtAll"))
    if method == "GET" and versioned:
        parameters.append(_reference("parameters", "IfNoneMatch"))
    if not parameters:
        del operation["parameters"]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        content.setdefault("example", examples.of(content["schema"], "body"))

    status = route.status_code or 200
    success: Document = operation["responses"][str(status)]
    success["description"] = _SUCCESS.get(status, "Done.")
    success["headers"] = _headers(
        "XCorrelationId",
        *(["ETag"] if versioned else []),
        *(["Location"] if status in _CREATING else []),
        *(["IdempotentReplayed"] if method in KEYED_METHODS else []),
    )
    for content in success.get("content", {}).values():
        content.setdefault("example", examples.of(content["schema"], "body"))
    operation["responses"] = {str(status): success}
    if method == "GET" and versioned:
        operation["responses"]["304"] = {
            "description": "You have this version already.",
            "headers": _headers("XCorrelationId", "ETag"),
        }
    operation["responses"] |= _responses(problems_of(route, method), route.path_format)


def _without_null(schema: Document) -> Document:
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) != 1:
        return schema
    return {**choices[0], **{key: value for key, value in schema.items() if key != "anyOf"}}


def _responses(kinds: Iterable[type[Problem]], path: str) -> Document:
    by_status: dict[int, list[type[Problem]]] = {}
    for kind in kinds:
        by_status.setdefault(kind.status, []).append(kind)
    return {
        str(status): {
            "description": "; ".join(f"{kind.title} (`{kind.code()}`)" for kind in kinds) + ".",
            "headers": _headers("XCorrelationId", *PROBLEM_HEADERS.get(status, ())),
            "content": {
                _PROBLEM_JSON: {
                    "schema": _reference("schemas", "Problem"),
                    "examples": {kind.code(): {"summary": kind.title, "value": _example(kind, path)} for kind in kinds},
                }
            },
        }
        for status, kinds in sorted(by_status.items())
    }


def _example(kind: type[Problem], path: str) -> Document:
    instance = path.replace("{", "\0").replace("}", "\0")
    parts = instance.split("\0")
    parts[1::2] = [_EXAMPLE_ID] * len(parts[1::2])
    document = {
        "type": kind.uri(),
        "title": kind.title,
        "status": kind.status,
        "code": kind.code(),
        "detail": kind.title,
        "instance": "".join(parts),
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    }
    if kind is Invalid:
        document["errors"] = [{"pointer": "#/name", "detail": "Field required", "code": "missing"}]
    return document


def _security(scopes: Mapping[str, str], token_url: str) -> Document:
    return {
        "type": "oauth2",
        "description": "Client credentials at the organisation's issuer (RFC 6749 §4.4); its tokens are RFC 9068 JWTs.",
        "flows": {"clientCredentials": {"tokenUrl": token_url, "scopes": dict(scopes)}},
    }


def _reference(kind: str, name: str) -> Document:
    return {"$ref": f"#/components/{kind}/{name}"}


def _referred(part: Any, prefix: str) -> Iterator[str]:
    """Names of the components a part of the document refers to."""
    if isinstance(part, dict):
        reference = part.get("$ref")
        if isinstance(reference, str) and reference.startswith(prefix):
            yield reference.removeprefix(prefix)
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from _referred(inner, prefix)


def _headers(*names: str) -> Document:
    return {HEADER_NAMES[name]: _reference("headers", name) for name in names}
