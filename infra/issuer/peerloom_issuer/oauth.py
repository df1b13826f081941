"""How the issuer says no."""

from __future__ import annotations

from fastapi.responses import JSONResponse

NO_STORE = {"Cache-Control": "no-store"}


class OAuthError(Exception):
    """An answer in the form of RFC 6749 section 5.2, RFC 6750 section 3.1 and RFC 7591 section 3.2.2."""

    def __init__(self, status: int, error: str, description: str, challenge: str | None = None) -> None:
        super().__init__(description)
        self.status, self.error, self.description, self.challenge = status, error, description, challenge

    def response(self) -> JSONResponse:
        """The answer."""
        headers = {**NO_STORE, "WWW-Authenticate": self.challenge} if self.challenge else NO_STORE
        return JSONResponse({"error": self.error, "error_description": self.description}, self.status, headers)
