"""Lists a page at a time, by an opaque cursor: nothing is skipped or repeated when rows come and go in between."""

import base64
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Final, Generic, TypeVar
from uuid import UUID

import asyncpg
from fastapi import Query
from pydantic import BaseModel

from peerloom_service.problems import BadRequest

Item = TypeVar("Item")

_CURSOR: Final = "^[A-Za-z0-9_-]{21}[AQgw]$"
"""The sixteen bytes of an id, as base64url without its padding."""

Limit = Annotated[int, Query(ge=1, le=1000, description="Items a page.")]
Cursor = Annotated[
    str | None, Query(max_length=64, description="`next` of the page before.", json_schema_extra={"pattern": _CURSOR})
]


class Page(BaseModel, Generic[Item]):
    """Some of a list's items, in the order of their ids; `next` is absent on the last page."""

    items: list[Item]
    next: str | None = None


def after(cursor: str | None) -> UUID:
    """The id a page starts behind.

    Raises: BadRequest for a cursor that is not one of ours.
    """
    if cursor is None:
        return UUID(int=0)
    if not re.fullmatch(_CURSOR, cursor):
        raise BadRequest("The cursor is not one this list has given out. Start again without it.")
    return UUID(bytes=base64.urlsafe_b64decode(cursor + "=="))


def page_of(rows: Sequence[asyncpg.Record], limit: int, item: Callable[[asyncpg.Record], Item]) -> Page[Item]:
    """The page of up to `limit` rows, read with a limit of one more; rows need an `id` and must be ordered by it."""
    shown = rows[:limit]
    more = len(rows) > limit
    following = base64.urlsafe_b64encode(UUID(str(shown[-1]["id"])).bytes).decode().rstrip("=") if more else None
    return Page(items=[item(row) for row in shown], next=following)
