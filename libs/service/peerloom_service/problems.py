"""Errors as RFC 9457 problems: each is a class with its own status; one handler turns them into answers.

Knows no framework, so that a service's pure domain may raise them.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class Problem(Exception):
    """Something the caller can understand and act on. Subclasses set `status` and `title`; `detail` says what to do.

    `errors` lists single findings as `{"pointer": "/skills/0/level", "detail": "…"}` (JSON pointers into the body).
    """

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def __init__(
        self,
        detail: str = "",
        *,
        errors: list[dict[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.errors = errors or []
        self.headers = dict(headers or {})

    @classmethod
    def code(cls) -> str:
        """The problem's name for programs, and of its page in docs/problems: the class name in kebab case."""
        return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in cls.__name__).lstrip("-")

    @classmethod
    def uri(cls) -> str:
        """The problem's type, RFC 9457 §3.1.1."""
        return f"urn:peerloom:problem:{cls.code()}"

    def body(self, *, instance: str, trace_id: str) -> dict[str, Any]:
        """The problem document."""
        document: dict[str, Any] = {
            "type": self.uri(),
            "title": self.title,
            "status": self.status,
            "code": self.code(),
            "detail": self.detail or self.title,
            "instance": instance,
            "trace_id": trace_id,
        }
        if self.errors:
            document["errors"] = self.errors
        return document


class BadRequest(Problem):
    status, title = 400, "The request cannot be understood"


class Unauthenticated(Problem):
    status, title = 401, "A valid access token is needed"

    def __init__(self, detail: str, *, error: str = "") -> None:
        """`error`: RFC 6750's code of what is wrong with a token; left out where none was sent."""
        super().__init__(detail, headers={"www-authenticate": _challenge(error, detail) if error else _challenge()})


class Forbidden(Problem):
    status, title = 403, "The access token does not allow this"

    def __init__(self, detail: str = "", *, scope: str = "") -> None:
        """`scope`: what the token would need."""
        challenge = {"www-authenticate": _challenge("insufficient_scope", detail, scope)} if scope else None
        super().__init__(detail, headers=challenge)


class OrganisationSuspended(Forbidden):
    title = "The organisation is suspended or closed"


class NotFound(Problem):
    status, title = 404, "There is no such thing in your organisation"


class MethodNotAllowed(Problem):
    status, title = 405, "This address does not take that method"


class RequestTimeout(Problem):
    status, title = 408, "The request did not arrive in time"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"connection": "close"})


class Conflict(Problem):
    status, title = 409, "The present state does not allow this"


class PreconditionFailed(Problem):
    status, title = 412, "It was changed by someone else in the meantime"


class PayloadTooLarge(Problem):
    status, title = 413, "The body is too large"


class UnsupportedMediaType(Problem):
    status, title = 415, "The body is of a type this address does not take"


class Invalid(Problem):
    status, title = 422, "Some values are not right"


class PreconditionRequired(Problem):
    status, title = 428, "An If-Match header is needed"


class Unavailable(Problem):
    status, title = 503, "Not available at the moment"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"retry-after": "2"})


class IdempotencyKeyMissing(BadRequest):
    title = "An Idempotency-Key header is needed"


class IdempotencyKeyReused(Invalid):
    title = "This Idempotency-Key was used with another request"


class RequestInProgress(Conflict):
    title = "The first request with this Idempotency-Key is still being worked on"


def _challenge(error: str = "", description: str = "", scope: str = "") -> str:
    """What a client should bring, RFC 6750 §3: no error where it sent no token."""
    said = {"realm": "peerloom", "error": error, "error_description": description, "scope": scope}
    quotable = str.maketrans({'"': "'", "\\": "/"})
    parts = [f'{name}="{text.translate(quotable)}"' for name, text in said.items() if text]
    return f"Bearer {', '.join(parts)}".encode("ascii", "replace").decode()
