"""What goes wrong, as the services say it."""

from typing import Any

import httpx


class Problem(Exception):
    """A problem document (RFC 9457). `code` names the page `docs/problems/<code>.md`, which says what to do."""

    def __init__(self, status: int, document: dict[str, Any]) -> None:
        self.status = status
        self.code: str = document.get("code", "")
        self.title: str = document.get("title", "")
        self.detail: str = document.get("detail", "")
        self.errors: list[dict[str, Any]] = document.get("errors", [])
        self.trace_id: str = document.get("trace_id", "")
        super().__init__(f"{status} {self.code}: {self.detail or self.title}")


def problem_of(response: httpx.Response) -> Problem:
    """The problem in an answer that has been read; whatever stands between us and the service may answer in its own words."""
    try:
        document = response.json()
    except ValueError:
        document = {"title": response.text[:200]}
    return Problem(response.status_code, document if isinstance(document, dict) else {})
