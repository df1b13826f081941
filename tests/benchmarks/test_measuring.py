"""What measures has to be right itself: the load generator and the arithmetic of figures."""

from urllib.parse import urlsplit

import pytest
from starlette.types import Receive, Scope, Send

from tests.benchmarks.figures import FIGURES, Measured, median_ratio
from tests.benchmarks.latency import share
from tests.benchmarks.load import Job, is_complete, run
from tests.support.serving import served

REQUEST = "POST /people HTTP/1.1\r\nhost: x\r\nidempotency-key: {unique}\r\ncontent-length: 12\r\n\r\n{unique}"


class Counting:
    """Answers 201, or `failing` to every tenth request, and notes keys and bodies."""

    def __init__(self, failing: int = 201) -> None:
        self.keys: list[bytes] = []
        self.bodies: list[bytes] = []
        self.failing = failing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        self.keys.append(dict(scope["headers"])[b"idempotency-key"])
        self.bodies.append((await receive())["body"])
        status = self.failing if len(self.keys) % 10 == 0 else 201
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        await send({"type": "http.response.body", "body": b"}"})


async def load(app: Counting, **changed: object):
    async with served(app) as url:
        job = {"request": REQUEST, "connections": 4, "seconds": 0.3, "warm_up": 0.1, **changed}
        return await run(Job(port=urlsplit(url).port, **job))


async def test_every_request_is_another_one_and_every_answer_is_counted() -> None:
    app = Counting()
    seen = await load(app, count_from=7)
    assert seen.answers == {"201": len(app.keys)}
    assert len(set(app.keys)) == len(app.keys)
    assert min(app.keys) == b"000000000007"
    assert app.bodies == app.keys
    assert 0 < seen.rate * 0.3 < len(app.keys), "the warm-up is not part of the rate"


async def test_requests_go_round_the_given_ids() -> None:
    app = Counting()
    await load(app, uniques=["a" * 12, "b" * 12])
    assert set(app.keys) == {b"a" * 12, b"b" * 12}


async def test_a_single_failed_answer_is_seen() -> None:
    seen = await load(Counting(failing=503))
    assert set(seen.failures) == {"503"}
    assert seen.failures["503"] == sum(seen.answers.values()) // 10


def test_an_answer_is_complete_with_its_last_byte() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    assert is_complete(answer)
    assert not any(is_complete(answer[:end]) for end in range(len(answer)))
    assert is_complete(b"HTTP/1.1 304 Not Modified\r\netag: 1\r\n\r\n")
    with pytest.raises(ValueError, match="Content-Length"):
        is_complete(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")


def test_a_slow_minute_for_both_does_not_change_their_ratio() -> None:
    assert median_ratio([100, 10, 100], [400, 40, 400]) == 0.25


def test_rounding_for_the_eye_lets_nobody_over_the_bar() -> None:
    line = Measured("create_vs_hello", 0.249999, "").line(FIGURES["create_vs_hello"])
    assert line["value"] == 0.25
    assert line["ok"] is False


def test_the_99th_percentile_leaves_one_in_a_hundred_above_it() -> None:
    latencies = list(range(1000))
    assert sum(latency > share(latencies, 99) for latency in latencies) == 9
