"""Bodies of imports and what was found in their files."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from peerloom_service.http.bodies import Out
from peerloom_service.http.paging import Page
from profile_service import domain


class ImportOut(Out):
    id: UUID
    state: domain.ImportState
    created_at: datetime
    size_bytes: int
    rows_total: int | None
    rows_done: int
    registered: int
    updated: int
    unchanged: int
    rows_refused: int
    warnings: int
    problem: str | None

    @classmethod
    def of(cls, job: domain.Import) -> Self:
        return cls.model_validate(job, from_attributes=True)


class FindingOut(Out):
    line: int
    column: str | None
    code: str
    message: str
    severity: Literal["error", "warning"]

    @classmethod
    def of(cls, finding: domain.Finding) -> Self:
        return cls.model_validate(finding, from_attributes=True)


class FindingsOut(Page[FindingOut]):
    """Findings in the order they were made."""

    @classmethod
    def of(cls, found: list[domain.Finding], start: int, limit: int) -> Self:
        """The page from number `start` on, of findings read with a limit of one more."""
        items = [FindingOut.of(finding) for finding in found[:limit]]
        return cls(items=items, next=str(start + limit) if len(found) > limit else None)
