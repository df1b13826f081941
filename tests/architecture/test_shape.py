"""Who has read one service knows them all."""

import importlib
import importlib.util
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.base import BaseHTTPMiddleware

from peerloom_service.manifest import manifests
from tests.contracts import openapi

ROOT = Path(__file__).parents[2]
SERVICES = sorted(one.name for one in manifests(ROOT / "services"))
SHAPE = {"manifest", "main", "domain", "models", "use_cases", "routes", "schemas", "settings", "migrations"}
"""Modules, or packages of the same name where one file would be too long."""


def routes_of(service: str) -> list[APIRoute]:
    router = importlib.import_module(f"{service}_service.main").service.routes
    routes = [route for route in router.routes if isinstance(route, APIRoute)]
    assert routes, f"{service} serves nothing"
    return routes


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_the_shape_of_all_services(service: str) -> None:
    folder = ROOT / "services" / service
    there = {path.stem for path in (folder / f"{service}_service").iterdir()}
    assert there >= SHAPE, f"{service} lacks {sorted(SHAPE - there)}"
    assert (folder / "README.md").exists(), f"{service} has no README"
    if importlib.import_module(f"{service}_service.main").service.subscribes:
        assert "handlers" in there


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_asks_for_a_token_with_a_scope(service: str) -> None:
    app = FastAPI()
    app.include_router(importlib.import_module(f"{service}_service.main").service.routes)
    document = app.openapi()
    operations = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    assert operations
    for method, path, operation in operations:
        scopes = [scope for requirement in operation.get("security", []) for scope in requirement.get("oauth2", [])]
        assert scopes, f"{method} {path} can be called without a scope"


@pytest.mark.parametrize("service", SERVICES)
def test_every_post_says_that_it_needs_an_idempotency_key(service: str) -> None:
    """In the document that callers read: the header is required, and so is the problem that its absence is."""
    document = openapi.document(service)
    for path, operations in document["paths"].items():
        if post := operations.get("post"):
            asked = {one["name"] for one in map(partial(resolved, document), post["parameters"]) if one.get("required")}
            assert "Idempotency-Key" in asked, f"POST {path} does not document its Idempotency-Key"
            assert "400" in post["responses"], f"POST {path} does not document the missing Idempotency-Key"


def resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """A part of a document, or what its `$ref` leads to."""
    for name in part.get("$ref", "").split("/")[1:]:
        document = document[name]
    return document if "$ref" in part else part


def test_no_two_services_share_a_path() -> None:
    owners: dict[str, str] = {}
    for service in SERVICES:
        for path in {route.path for route in routes_of(service)}:
            assert path not in owners, f"{path} is served by {owners[path]} and {service}"
            owners[path] = service


def test_no_middleware_wraps_requests_in_tasks_of_their_own() -> None:
    for path in (ROOT / "libs").rglob("*.py"):
        assert BaseHTTPMiddleware.__name__ not in path.read_text(), f"{path} uses BaseHTTPMiddleware, which costs threefold"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_publishes_only_events_of_its_own(service: str) -> None:
    events = importlib.import_module("peerloom_events").event_types().values()
    foreign = {event.__name__ for event in events if event.service() != service}
    code = "\n".join(path.read_text() for path in (ROOT / "services" / service / f"{service}_service").rglob("*.py"))
    published = {name for name in foreign if f"{name}(" in code}
    assert not published, f"{service} publishes {sorted(published)}, which belong to others"


def test_most_files_are_right_sized() -> None:
    sizes = {
        path: len(path.read_text().splitlines())
        for folder in ("libs", "services", "infra")
        for path in (ROOT / folder).rglob("*.py")
        if "build" not in path.parts
    }
    assert {path for path, lines in sizes.items() if lines > 400} == set()


def test_no_folder_of_tests_shadows_a_module_of_the_standard_library() -> None:
    """`tests/profile` must not be what `import profile` finds, and with it `import cProfile`."""
    found = {
        name: importlib.util.find_spec(name)
        for name in sys.stdlib_module_names & {path.stem for path in Path(__file__).parents[1].iterdir()}
    }

    assert {"profile"} <= found.keys(), "this test proves nothing"
    assert [name for name, spec in found.items() if spec is None or str(ROOT) in str(spec.origin)] == []
