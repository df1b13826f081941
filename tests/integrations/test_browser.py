"""A real browser: its own EventSource through a connection that is cut, and the portal. Skipped where there is no Chromium."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, async_playwright
from starlette.applications import Starlette

from peerloom_service.identifiers import new_id
from tests.integrations.facts import an_acceptance, an_expiry
from tests.support import RunningService, eventually
from tests.support.proxy import Proxy
from tests.support.serving import served

Feed = Callable[..., Awaitable[Any]]
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "portal"))

FOLLOW = """
async ({token, count}) => {
  const seen = [];
  let last = "earliest";
  while (seen.length < count) {
    let ticket;
    try {
      const asked = await fetch("/v1/events/tickets", {method: "POST", body: "{}", headers: {
        authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": crypto.randomUUID()}});
      ticket = (await asked.json()).ticket;
    } catch { await new Promise(again => setTimeout(again, 50)); continue; }
    await new Promise(closed => {
      const source = new EventSource(`/v1/events/stream?ticket=${ticket}&after=${last}`);
      source.onmessage = ({data, lastEventId}) => {
        last = lastEventId;
        seen.push(JSON.parse(data).data.version);
        window.seen = seen.length;
        if (seen.length === count) { source.close(); closed(); }
      };
      source.onerror = () => { source.close(); closed(); };
    });
  }
  return seen;
}
"""


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        yield await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


async def test_event_source_misses_nothing_and_repeats_nothing_though_it_is_cut_off_again_and_again(
    browser: Browser, integrations: RunningService, tenant: UUID, feed: Feed
) -> None:
    token, match = integrations.issuer.token(tenant, integrations.scopes()), new_id()
    async with Proxy.to("127.0.0.1", urlsplit(integrations.url).port or 80) as proxy:
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{proxy.port}/health/live")  # the API's own host: a page of another may not ask
        following = asyncio.ensure_future(page.evaluate(FOLLOW, {"token": token, "count": 60}))
        for start in range(1, 61, 20):
            await feed(*(an_acceptance(match, version=number) for number in range(start, start + 20)))
            await eventually(lambda start=start: _seen(page, start + 9), within=20)  # type: ignore[misc]
            proxy.disconnect()
        async with asyncio.timeout(30):
            assert await following == list(range(1, 61))
        await page.close()


async def _seen(page: Page, count: int) -> bool:
    return bool(await page.evaluate("count => (window.seen ?? 0) >= count", count))


async def test_the_portal_shows_a_proposal_and_what_becomes_of_it_and_asks_no_other_host(
    browser: Browser, integrations: RunningService, tenant: UUID, feed: Feed
) -> None:
    """Its page and its client are the real ones, and so is the event log; the other services' answers are given here."""
    from serve import portal  # beside the portal's files

    me, other, match = (str(new_id()) for _ in range(3))
    state = {"accepted": False}
    token = integrations.issuer.token(tenant, integrations.scopes())
    app: Starlette = portal({"integrations": integrations.url}, "http://nobody", "", "")
    async with served(app) as url:
        page = await browser.new_page(viewport={"width": 390, "height": 800})
        hosts: set[str] = set()
        page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))

        async def give(path: str, answer: Callable[[], Any]) -> None:
            await page.route(path, lambda route: route.fulfill(json=answer()))

        people = [{"id": me, "name": "Ada", "job_title": "Engineer"}, {"id": other, "name": "Grace", "job_title": "Admiral"}]
        proposal = {
            "id": match,
            "participant_ids": [me, other],
            "accepted_ids": [],
            "answer_by": "2030-01-01T00:00:00Z",
            "reasons": [{"code": "learns_from", "subject": "SQL", "giver_id": other}],
        }
        await give("**/session", lambda: {"access_token": token, "expires_in": 3600})
        await give("**/v1/participants?*", lambda: {"items": people})
        await give("**/v1/matches?*", lambda: {"items": [] if state["accepted"] else [proposal]})
        for empty in ("sessions", "surveys", "programs"):
            await give(f"**/v1/{empty}?*", lambda: {"items": []})

        await page.goto(url)
        await page.get_by_text("Learns from: SQL (Grace)").wait_for()
        await page.get_by_text("Up to date").wait_for()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it is wider than a phone"

        async def told() -> bool:
            await feed(an_expiry())
            return await page.get_by_text("No proposal waits for you.").count() > 0

        state["accepted"] = True  # elsewhere, on another device
        await eventually(told, within=20, every=0.5)
        assert hosts == {urlsplit(url).netloc}
        assert await page.locator("#problem").is_hidden()
        await page.close()
