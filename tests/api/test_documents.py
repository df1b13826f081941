"""The OpenAPI documents say what callers must send and get, for every route without anything written for it."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import validate

from peerloom_service.problems import Problem
from tests.contracts.openapi import SERVICES, document
from tests.contracts.problems import PAGES, every_problem

OF_EVENTS = {"too-few-people"}
"""Problems no caller meets: an event that breaks the rule is parked."""

DOCUMENTS = {service: document(service) for service in SERVICES}
OPERATIONS = [
    pytest.param(service, path, method, id=f"{service} {method.upper()} {path}")
    for service, described in DOCUMENTS.items()
    for path, methods in described["paths"].items()
    for method in methods
]


@pytest.mark.parametrize("service", SERVICES)
def test_a_document_is_valid_openapi_and_names_its_server_and_issuer(service: str) -> None:
    described = DOCUMENTS[service]

    validate(described)

    assert described["openapi"].startswith("3.1")
    assert described["servers"][0]["url"].startswith("http")
    assert described["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]["tokenUrl"].endswith(
        "/oauth/token"
    )


@pytest.mark.parametrize("service", SERVICES)
def test_every_scope_an_operation_asks_for_says_what_it_allows(service: str) -> None:
    described = DOCUMENTS[service]
    asked = {scope for _, operation in operations(described) for scope in operation["security"][0]["oauth2"]}
    told = described["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]["scopes"]

    assert told.keys() == asked
    assert all(meaning.endswith(".") for meaning in told.values())


@pytest.mark.parametrize(("service", "path", "method"), OPERATIONS)
def test_an_operation_says_what_to_send_and_how_it_fails(service: str, path: str, method: str) -> None:
    operation = DOCUMENTS[service]["paths"][path][method]
    responses = operation["responses"]
    wanted = {parameter["$ref"].rpartition("/")[2] for parameter in operation.get("parameters", ()) if "$ref" in parameter}

    assert operation["summary"]
    assert operation["description"]
    assert {"400", "401", "403", "422", "500", "503"} <= responses.keys()
    assert ("404" in responses) or "{" not in path
    assert ("IdempotencyKey" in wanted) == (method == "post")
    assert ("IfMatch" in wanted) == (method == "patch")
    if method == "post":
        assert {"409", "413"} <= responses.keys()
        assert "Idempotent-Replayed" in success(operation)["headers"]
    if method == "patch":
        assert {"412", "413", "428"} <= responses.keys()
    if "304" in responses:
        assert "IfNoneMatch" in wanted
        assert "ETag" in success(operation)["headers"]
    if "201" in responses or "202" in responses:
        assert "Location" in success(operation)["headers"]
    if "application/json" in operation.get("requestBody", {}).get("content", {}):
        assert "415" in responses


@pytest.mark.parametrize(("service", "path", "method"), OPERATIONS)
def test_an_operation_shows_examples_that_fit_their_schemas(service: str, path: str, method: str) -> None:
    described = DOCUMENTS[service]
    operation = described["paths"][path][method]
    shown = [*operation.get("requestBody", {}).get("content", {}).values(), *success(operation)["content"].values()]

    for content in shown:
        schema = {**content["schema"], "components": described["components"]}
        jsonschema_rs.validator_for(schema, validate_formats=True).validate(content["example"])
    for status, response in operation["responses"].items():
        for media_type, content in response.get("content", {}).items():
            if media_type == "application/problem+json":
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
                for code, example in content["examples"].items():
                    problem = {**described["components"]["schemas"]["Problem"], "components": described["components"]}
                    jsonschema_rs.validator_for(problem).validate(example["value"])
                    assert (example["value"]["code"], example["value"]["status"]) == (code, int(status))


@pytest.mark.parametrize("service", SERVICES)
def test_every_problem_of_a_service_stands_in_its_document(service: str) -> None:
    own = {kind.code() for kind in every_problem() if kind.__module__.startswith(f"{service}_service")}
    told = {
        code
        for _, operation in operations(DOCUMENTS[service])
        for response in operation["responses"].values()
        for code in response.get("content", {}).get("application/problem+json", {}).get("examples", {})
    }

    assert own - told - OF_EVENTS == set()


@pytest.mark.parametrize("problem", every_problem(), ids=lambda problem: problem.code())
def test_every_problem_has_a_page_that_agrees_with_it_and_says_what_to_do(problem: type[Problem]) -> None:
    page = (PAGES / f"{problem.code()}.md").read_text()

    assert page.startswith(f"# {problem.title}\n")
    assert f"`{problem.uri()}` · status {problem.status}" in page
    assert len(page.partition("## What to do\n")[2].strip()) > 40


def test_no_page_is_left_of_a_problem_that_is_gone() -> None:
    codes = {problem.code() for problem in every_problem()}

    assert {page.stem for page in PAGES.glob("*.md")} - {"README"} == codes


def test_problems_of_one_code_are_one_problem() -> None:
    codes = [problem.code() for problem in every_problem()]

    assert len(codes) == len(set(codes))


def operations(described: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def success(operation: dict[str, Any]) -> dict[str, Any]:
    return next(response for status, response in operation["responses"].items() if status.startswith("2"))
