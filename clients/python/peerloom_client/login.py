"""Where access tokens come from."""

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Final

import httpx

from peerloom_client.problems import problem_of

_EARLY_SECONDS: Final = 60.0


@dataclass
class ClientCredentials(httpx.Auth):
    """The login of a client of an organisation at its issuer (RFC 6749 §4.4). A token is used until shortly before its end."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str = ""
    _token: str = field(default="", init=False, repr=False)
    _good_until: float = field(default=0.0, init=False, repr=False)

    requires_response_body = True

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Asks for a token first where there is none, and once more where it is refused."""
        if time.monotonic() > self._good_until:
            yield from self._renewed()
        request.headers["authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            yield from self._renewed()
            request.headers["authorization"] = f"Bearer {self._token}"
            yield request

    def _renewed(self) -> Generator[httpx.Request, httpx.Response, None]:
        form = {"grant_type": "client_credentials"} | ({"scope": self.scope} if self.scope else {})
        asking = httpx.Request("POST", f"{self.issuer.rstrip('/')}/oauth/token", data=form)
        for signed in httpx.BasicAuth(self.client_id, self.client_secret).auth_flow(asking):
            answer = yield signed
            if answer.is_error:
                raise problem_of(answer)
            told = answer.json()
            self._token = told["access_token"]
            self._good_until = time.monotonic() + max(0.0, float(told.get("expires_in", 300)) - _EARLY_SECONDS)
            return


class Bearer(httpx.Auth):
    """A token that somebody else looks after: as it is, or asked for with every request."""

    def __init__(self, token: str | Callable[[], str]) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Shows it."""
        request.headers["authorization"] = f"Bearer {self._token if isinstance(self._token, str) else self._token()}"
        yield request
