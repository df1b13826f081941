"""FastAPI's inner parts are still what `http/fastapi_parts.py` takes them for."""

import inspect
import re
from pathlib import Path
from typing import Annotated
from uuid import UUID

import fastapi
from fastapi import Query
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args

from peerloom_service.access.rules import CLIENTS
from peerloom_service.http.bodies import Body
from peerloom_service.http.routing import Route
from peerloom_service.http.work import Allowed, Work, allowed

CHANGED = f"FastAPI {fastapi.__version__} has changed it: adapt libs/service/peerloom_service/http/fastapi_parts.py"


class Thing(Body):
    name: str


async def _endpoint(
    thing_id: UUID,
    body: Thing,
    work: Annotated[Work, allowed("things:write", CLIENTS)],
    limit: Annotated[int, Query(ge=1)] = 10,
) -> Thing: ...


def test_what_a_function_takes_is_found_where_it_was() -> None:
    takes = Route("/things/{thing_id}", _endpoint, methods=["PUT"], response_model=None).takes

    assert isinstance(takes.dependency, Allowed), CHANGED
    assert (takes.dependency_name, takes.scopes) == ("work", ("things:write",)), CHANGED
    assert (takes.body_name, takes.body_type, takes.request_name) == ("body", Thing, None), CHANGED
    assert (takes.path_names, takes.query_names) == ({"thing_id"}, {"limit"}), CHANGED


def test_parameters_are_read_as_they_were() -> None:
    takes = Route("/things/{thing_id}", _endpoint, methods=["PUT"], response_model=None).takes
    id_ = UUID(int=7)

    assert takes.path_values({"thing_id": str(id_)}) == ({"thing_id": id_}, []), CHANGED
    assert takes.query_values(b"") == ({"limit": 10}, []), CHANGED
    assert takes.query_values(b"limit=3") == ({"limit": 3}, []), CHANGED
    assert [one["loc"] for one in takes.path_values({"thing_id": "x"})[1]] == [("path", "thing_id")], CHANGED
    assert [one["loc"] for one in takes.query_values(b"limit=0&other=1")[1]] == [("query", "limit"), ("query", "other")], (
        CHANGED
    )


def test_the_inner_parts_have_the_signatures_they_had() -> None:
    assert list(inspect.signature(ModelField.validate).parameters) == ["self", "value", "values", "loc"], CHANGED
    assert list(inspect.signature(request_params_to_args).parameters) == ["fields", "received_params"], CHANGED
    assert {"path_params", "query_params", "body_params", "dependencies", "request_param_name", "own_oauth_scopes"} <= (
        Dependant.__dataclass_fields__.keys()
    ), CHANGED


def test_only_one_module_knows_fastapis_inner_parts() -> None:
    libs = Path(__file__).parents[2] / "libs"
    knowing = [path.name for path in libs.rglob("*.py") if re.search(r"from fastapi\.(_|dependencies)", path.read_text())]

    assert knowing == ["fastapi_parts.py"]
