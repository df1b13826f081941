"""The two clients: the same calls, sent with asyncio or without."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Self

import httpx

from peerloom_client.calls import Addresses, Call, Pause, call, page, pause_before, stream_request, worth_another_try
from peerloom_client.events import Event, StreamParser
from peerloom_client.login import Bearer
from peerloom_client.problems import Problem, problem_of

Login = httpx.Auth | str | Callable[[], str]
_SILENCE: Final = httpx.Timeout(45.0)  # a living stream says something every 15 seconds


class _Calls:
    """What both are told: where the services are (one address, or one a service by name) and how to log in."""

    def __init__(self, addresses: str | Mapping[str, str], login: Login) -> None:
        self._addresses = Addresses(addresses)
        self._auth = login if isinstance(login, httpx.Auth) else Bearer(login)


class Peerloom(_Calls):
    """Peerloom's API without asyncio. Every method raises Problem, or httpx.TransportError where nobody can be reached."""

    def __init__(self, addresses: str | Mapping[str, str], login: Login) -> None:
        super().__init__(addresses, login)
        self._http = httpx.Client(auth=self._auth)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **query: Any) -> Any:
        """What is there."""
        return self._run(call(self._addresses, "GET", path, query=query))

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """Do something, once: `key` is the Idempotency-Key, a new one unless given."""
        return self._run(call(self._addresses, "POST", path, body={} if body is None else body, key=key))

    def put(self, path: str, body: Any) -> Any:
        """Set something."""
        return self._run(call(self._addresses, "PUT", path, body=body))

    def patch(self, path: str, body: Any, *, version: int) -> Any:
        """Change the version that was read; a Problem `precondition-failed` where there is a newer one."""
        return self._run(call(self._addresses, "PATCH", path, body=body, headers={"if-match": f'"{version}"'}))

    def delete(self, path: str) -> Any:
        """Take something away."""
        return self._run(call(self._addresses, "DELETE", path))

    def items(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Every item of a list, page by page as they are asked for."""
        cursor: str | None = None
        while True:
            found = self._run(page(self._addresses, path, query, cursor))
            yield from found["items"]
            cursor = found.get("next")
            if cursor is None:
                return

    def follow(self, *, after: str = "latest", types: Sequence[str] = (), **query: Any) -> Iterator[Event]:
        """The organisation's events behind a cursor, as they happen and without end; resumed by itself.

        Raises: Problem where going on is of no use, such as `cursor-too-old`.
        """
        after = self.get("/v1/events", after="latest", limit=1)["next"] if after == "latest" else after
        parser, failed = StreamParser(after), 0
        while True:
            try:
                request = stream_request(self._addresses, {**query, "types": list(types)}, parser.cursor)
                request.extensions = {"timeout": _SILENCE.as_dict()}
                answer = self._http.send(request, stream=True)
                try:
                    if answer.is_error:
                        answer.read()
                        raise problem_of(answer)
                    for line in answer.iter_lines():
                        failed = 0
                        yield from parser.feed(line)
                finally:
                    answer.close()
            except (httpx.TransportError, Problem) as error:
                if not worth_another_try(error):
                    raise
            failed += 1
            parser = StreamParser(parser.cursor)
            time.sleep(pause_before(failed, None))

    def _run(self, steps: Call) -> Any:
        outcome: httpx.Response | httpx.TransportError | None = None
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as end:
                return end.value
            outcome = None
            if isinstance(step, Pause):
                time.sleep(step.seconds)
                continue
            try:
                outcome = self._http.send(step)
            except httpx.TransportError as error:
                outcome = error


class AsyncPeerloom(_Calls):
    """Peerloom's API with asyncio. Every method raises Problem, or httpx.TransportError where nobody can be reached."""

    def __init__(self, addresses: str | Mapping[str, str], login: Login) -> None:
        super().__init__(addresses, login)
        self._http = httpx.AsyncClient(auth=self._auth)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def get(self, path: str, **query: Any) -> Any:
        """What is there."""
        return await self._run(call(self._addresses, "GET", path, query=query))

    async def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """Do something, once: `key` is the Idempotency-Key, a new one unless given."""
        return await self._run(call(self._addresses, "POST", path, body={} if body is None else body, key=key))

    async def put(self, path: str, body: Any) -> Any:
        """Set something."""
        return await self._run(call(self._addresses, "PUT", path, body=body))

    async def patch(self, path: str, body: Any, *, version: int) -> Any:
        """Change the version that was read; a Problem `precondition-failed` where there is a newer one."""
        return await self._run(call(self._addresses, "PATCH", path, body=body, headers={"if-match": f'"{version}"'}))

    async def delete(self, path: str) -> Any:
        """Take something away."""
        return await self._run(call(self._addresses, "DELETE", path))

    async def items(self, path: str, **query: Any) -> AsyncIterator[dict[str, Any]]:
        """Every item of a list, page by page as they are asked for."""
        cursor: str | None = None
        while True:
            found = await self._run(page(self._addresses, path, query, cursor))
            for item in found["items"]:
                yield item
            cursor = found.get("next")
            if cursor is None:
                return

    async def follow(self, *, after: str = "latest", types: Sequence[str] = (), **query: Any) -> AsyncIterator[Event]:
        """The organisation's events behind a cursor, as they happen and without end; resumed by itself.

        Raises: Problem where going on is of no use, such as `cursor-too-old`.
        """
        after = (await self.get("/v1/events", after="latest", limit=1))["next"] if after == "latest" else after
        parser, failed = StreamParser(after), 0
        while True:
            try:
                request = stream_request(self._addresses, {**query, "types": list(types)}, parser.cursor)
                request.extensions = {"timeout": _SILENCE.as_dict()}
                answer = await self._http.send(request, stream=True)
                try:
                    if answer.is_error:
                        await answer.aread()
                        raise problem_of(answer)
                    async for line in answer.aiter_lines():
                        failed = 0
                        for event in parser.feed(line):
                            yield event
                finally:
                    await answer.aclose()
            except (httpx.TransportError, Problem) as error:
                if not worth_another_try(error):
                    raise
            failed += 1
            parser = StreamParser(parser.cursor)
            await asyncio.sleep(pause_before(failed, None))

    async def _run(self, steps: Call) -> Any:
        outcome: httpx.Response | httpx.TransportError | None = None
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as end:
                return end.value
            outcome = None
            if isinstance(step, Pause):
                await asyncio.sleep(step.seconds)
                continue
            try:
                outcome = await self._http.send(step)
            except httpx.TransportError as error:
                outcome = error
