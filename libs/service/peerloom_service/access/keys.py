"""The signing keys of one issuer: found by OpenID Connect discovery, kept, and fetched again one fetch at a time."""

import asyncio
import ipaddress
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import jwt
from jwt import PyJWK

from peerloom_service.problems import Unauthenticated, Unavailable

ALGORITHMS: Final = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
"""Accepted signature algorithms and the key type each needs; a token cannot choose another pairing."""

_FRESH_SECONDS: Final = 300
_LONGEST_AWAY_SECONDS: Final = 24 * 3600
"""How long known keys stay good while their issuer cannot be reached: after that a key may have been withdrawn long ago."""
_COOLDOWN_SECONDS: Final = 10
_FIRST_PAUSE_SECONDS: Final = 0.5
_LARGEST_DOCUMENT: Final = 512 * 1024


class KeySet:
    """An issuer's keys by their id. `on_change` is called when they are others than before.

    A key that is known answers at once, also while the keys are being fetched again. `anywhere` false: addresses of this
    machine and of private networks are not asked, because it was a customer who named the issuer.
    """

    def __init__(self, issuer: str, http: httpx.AsyncClient, on_change: Callable[[], None], *, anywhere: bool = True) -> None:
        self._issuer = issuer
        self._http = http
        self._on_change = on_change
        self._anywhere = anywhere
        self._keys: dict[str, PyJWK] = {}
        self._published: Any = None
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._failures = 0
        self._fetching: asyncio.Task[None] | None = None

    async def key(self, kid: str) -> PyJWK:
        """The key of this id.

        Raises: Unauthenticated where the issuer does not publish it; Unavailable where its keys cannot be had.
        """
        age = time.monotonic() - self._fetched_at
        if kid in self._keys and age < _LONGEST_AWAY_SECONDS:
            if age > _FRESH_SECONDS:
                self._fetch_soon()
            return self._keys[kid]
        fetching = self._fetch_soon()
        if fetching is not None:
            await asyncio.shield(fetching)
        if time.monotonic() - self._fetched_at >= _LONGEST_AWAY_SECONDS:
            raise Unavailable("The issuer's signing keys cannot be read at the moment.")
        if kid not in self._keys:
            raise Unauthenticated("The access token is signed with a key its issuer does not publish.", error="invalid_token")
        return self._keys[kid]

    def _fetch_soon(self) -> asyncio.Task[None] | None:
        """The fetch that is under way, or a new one; None where the last one was too short a while ago."""
        if self._fetching is None or self._fetching.done():
            pause = min(_COOLDOWN_SECONDS, _FIRST_PAUSE_SECONDS * 2.0**self._failures) if self._failures else _COOLDOWN_SECONDS
            if time.monotonic() - self._tried_at < pause:
                return None
            self._tried_at = time.monotonic()
            self._fetching = asyncio.create_task(self._fetch())
        return self._fetching

    async def _fetch(self) -> None:
        try:
            discovery = await self._document(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
            if discovery["issuer"] != self._issuer:
                raise ValueError("the document is another issuer's")
            found = await self._document(discovery["jwks_uri"])
            keys = _usable(found["keys"])
        except (httpx.HTTPError, httpx.InvalidURL, KeyError, TypeError, ValueError, OSError):
            self._failures = min(self._failures + 1, 10)
            return
        changed, self._published = found["keys"] != self._published, found["keys"]
        self._keys, self._failures = keys, 0
        self._fetched_at = time.monotonic()
        if changed:
            self._on_change()

    async def _document(self, url: str) -> Any:
        if not self._anywhere:
            await _refuse_inner_address(url)
        async with self._http.stream("GET", url, follow_redirects=False) as answer:
            answer.raise_for_status()
            if answer.is_redirect:
                raise ValueError("a redirect leads elsewhere")
            content = b""
            async for part in answer.aiter_bytes():
                content += part
                if len(content) > _LARGEST_DOCUMENT:
                    raise ValueError("the document is too large")
        return httpx.Response(200, content=content).json()


async def _refuse_inner_address(url: str) -> None:
    """Raises: ValueError for an address that is not https, or leads to this machine or a private network."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError("an issuer is asked by https only")
    found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, parts.port or 443)
    if not found or not all(ipaddress.ip_address(address[0]).is_global for *_, address in found):
        raise ValueError("the address is not on the public internet")


def _usable(published: list[dict[str, Any]]) -> dict[str, PyJWK]:
    """The keys we can verify with, by their id. An issuer may publish others for other ends; they are passed over."""
    keys: dict[str, PyJWK] = {}
    for entry in published:
        if "kid" in entry and entry.get("kty") in ALGORITHMS.values() and entry.get("use", "sig") == "sig":
            with suppress(jwt.PyJWTError):
                keys[str(entry["kid"])] = PyJWK(entry)
    return keys
