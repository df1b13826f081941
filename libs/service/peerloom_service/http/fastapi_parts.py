"""All that is used of FastAPI's inner parts: what a route's function asks for, and how a parameter is read.

They are no public interface and may change with any release: `tests/api/test_fastapi_parts.py` tells when they have.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any

from fastapi import params
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from starlette.datastructures import QueryParams

Finding = dict[str, Any]
"""One of pydantic's errors, with where it was found as FastAPI says it: `("body", "skills", 0, "level")`."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a route's function takes. `dependency`: the callable of its one `Security`, with the scopes it asks for."""

    dependency: Callable[..., Any] | None
    dependency_name: str
    scopes: tuple[str, ...]
    request_name: str | None
    body_name: str | None
    body_type: Any
    path_names: frozenset[str]
    query_names: frozenset[str]
    _path: tuple[ModelField, ...]
    _query: list[ModelField]

    @classmethod
    def of(cls, path: str, endpoint: Callable[..., Any], wants: Dependant) -> "Signature":
        """Read from what FastAPI has found out.

        Raises: TypeError where it takes anything else than Work, parameters of path and query, one JSON body, the Request.
        """
        (caller, *others) = wants.dependencies or (Dependant(),)
        (body, *more_bodies) = wants.body_params or (None,)
        known = {caller.name, wants.request_param_name, body and body.name}
        known |= {field.name for field in (*wants.path_params, *wants.query_params)}
        sound_body = body is None or (type(body.field_info) is params.Body and body.field_info.is_required())
        if others or more_bodies or not sound_body or not signature(endpoint).parameters.keys() <= known:
            raise TypeError(
                f"{path}: a route takes Work, and besides it parameters of path and query, one JSON body without a default, "
                "or the Request"
            )
        return cls(
            dependency=caller.call,
            dependency_name=str(caller.name),
            scopes=tuple(caller.own_oauth_scopes or ()),
            request_name=wants.request_param_name,
            body_name=None if body is None else body.name,
            body_type=None if body is None else body.field_info.annotation,
            path_names=frozenset(str(field.alias) for field in wants.path_params),
            query_names=frozenset(str(field.alias) for field in wants.query_params),
            _path=tuple(wants.path_params),
            _query=wants.query_params,
        )

    def path_values(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
        """The parameters of the path, and what is wrong with them."""
        values: dict[str, Any] = {}
        findings: list[Finding] = []
        for field in self._path:
            values[field.name], wrong = field.validate(given[field.alias], loc=("path", field.alias))
            findings += wrong
        return values, findings

    def query_values(self, query: bytes) -> tuple[dict[str, Any], list[Finding]]:
        """The parameters of the query, and what is wrong with them: also one that is none, whatever it was meant for."""
        if not (self._query or query):
            return {}, []
        given = QueryParams(query)
        values, findings = request_params_to_args(self._query, given)
        unknown = [name for name in given if name not in self.query_names]
        return values, findings + [{"type": "extra_forbidden", "loc": ("query", name), "msg": ""} for name in unknown]
