"""The people who may sign in, and what of signing in is remembered: sessions, codes, refresh tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from peerloom_issuer.keys import write_private

CODE_SECONDS = 60
SESSION_SECONDS = 8 * 3600


@dataclass(frozen=True)
class Person:
    """Somebody of an organisation. `roles`: what stands in the claim of that name."""

    sub: str
    email: str
    name: str
    org_id: str
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Request:
    """What a front end asked for when it sent somebody here (RFC 6749 §4.1.1, RFC 7636)."""

    client_id: str
    redirect_uri: str
    code_challenge: str
    scope: str
    nonce: str


@dataclass(frozen=True)
class Session:
    """Somebody is signed in, in one browser."""

    id: str
    person: Person
    since: int


class People:
    """All people by organisation; in memory, and in `file` too when one is given."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._by_email: dict[tuple[str, str], Person] = {}
        if file is not None and file.exists():
            for kept in json.loads(file.read_bytes()):
                self._add(Person(**{**kept, "roles": tuple(kept["roles"])}))

    def replace(self, org_id: str, people: list[Person]) -> None:
        """These are the organisation's people now."""
        self._by_email = {key: one for key, one in self._by_email.items() if one.org_id != org_id}
        for person in people:
            self._add(person)
        if self._file is not None:
            write_private(self._file, json.dumps([asdict(one) for one in self._by_email.values()]).encode())

    def of(self, org_id: str) -> list[Person]:
        """The organisation's people, those with roles first, then by name."""
        found = [one for one in self._by_email.values() if one.org_id == org_id]
        return sorted(found, key=lambda one: (not one.roles, one.name))

    def find(self, org_id: str, email: str) -> Person | None:
        """Who has this address in the organisation, in whatever case."""
        return self._by_email.get((org_id, email.strip().lower()))

    def _add(self, person: Person) -> None:
        self._by_email[person.org_id, person.email.lower()] = person


class SignedIn:
    """Who is signed in, and what was handed out for it. All of it ends with the process."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self._codes: dict[str, tuple[Request, Session, float]] = {}
        self._refresh: dict[str, tuple[Request, Session]] = {}

    def begin(self, person: Person) -> Session:
        """Somebody has signed in."""
        session = Session(secrets.token_urlsafe(24), person, int(time.time()))
        self._sessions[session.id] = session
        return session

    def session(self, id_: str | None) -> Session | None:
        """The session of a browser, while it lasts."""
        found = self._sessions.get(id_ or "")
        return found if found is not None and time.time() - found.since < SESSION_SECONDS else None

    def end(self, id_: str | None) -> None:
        """Somebody has signed out: nothing that was handed out for this session is of use any more."""
        self._sessions.pop(id_ or "", None)
        self._refresh = {token: kept for token, kept in self._refresh.items() if kept[1].id != id_}
        self._codes = {code: kept for code, kept in self._codes.items() if kept[1].id != id_}

    def code(self, request: Request, session: Session) -> str:
        """A code for a token, good once and for a minute."""
        code = secrets.token_urlsafe(32)
        self._codes[code] = (request, session, time.monotonic() + CODE_SECONDS)
        return code

    def redeem(self, code: str, client_id: str, redirect_uri: str, verifier: str) -> tuple[Request, Session] | None:
        """What a code stands for; None unless it is sent by who asked for it. It is spent either way."""
        request, session, until = self._codes.pop(code, (None, None, 0.0))
        if request is None or session is None or time.monotonic() > until or self.session(session.id) is None:
            return None
        same = (request.client_id, request.redirect_uri) == (client_id, redirect_uri)
        return (request, session) if same and hmac.compare_digest(_challenge(verifier), request.code_challenge) else None

    def refresh_token(self, request: Request, session: Session) -> str:
        """A token for the next access token, good once."""
        token = secrets.token_urlsafe(32)
        self._refresh[token] = (request, session)
        return token

    def refresh(self, token: str, client_id: str) -> tuple[Request, Session] | None:
        """What a refresh token stands for; None where it was used or somebody has signed out."""
        request, session = self._refresh.pop(token, (None, None))
        if request is None or session is None or request.client_id != client_id or self.session(session.id) is None:
            return None
        return request, session


def _challenge(verifier: str) -> str:
    """RFC 7636 §4.6, S256: the only method taken."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
