"""Lists a page at a time, by an opaque cursor: nothing is skipped or repeated when rows come and go in between."""

import base64
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar
from uuid import UUID

import asyncpg
from fastapi import Query
from pydantic import BaseModel

from peerloom_service.problems import BadRequest

Item = TypeVar("Item")

Limit = Annotated[int, Query(ge=1, le=1000, description="Items a page.")]
Cursor = Annotated[str | None, Query(max_length=64, description="`next` of the page before.")]


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
    try:
        return UUID(bytes=base64.urlsafe_b64decode(cursor + "=="))
    except ValueError as error:
        raise BadRequest("The cursor is not one this list has given out. Start again without it.") from error


def page_of(rows: Sequence[asyncpg.Record], limit: int, item: Callable[[asyncpg.Record], Item]) -> Page[Item]:
    """The page of up to `limit` rows, read with a limit of one more; rows need an `id` and must be ordered by it."""
    shown = rows[:limit]
    more = len(rows) > limit
    following = base64.urlsafe_b64encode(UUID(str(shown[-1]["id"])).bytes).decode().rstrip("=") if more else None
    return Page(items=[item(row) for row in shown], next=following)
