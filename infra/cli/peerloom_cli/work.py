"""What callers see: match runs, a token, and how quickly answers come."""

import asyncio
import json
import statistics
import time
from typing import Annotated, Any

import httpx
import typer

from peerloom_cli.place import NOT_READY, WHERE, AsJson, Directory, asked, bearer, known_service, show, stack_in


def runs(
    state: Annotated[str, typer.Option(help="Only those: requested, running, completed, failed, cancelled.")] = "",
    directory: Directory = WHERE,
    as_json: AsJson = False,
) -> None:
    """Match runs of the stack's organisation, the newest first."""
    stack = stack_in(directory)
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {"next": ""}
    while page.get("next") is not None:
        page = asked(stack, "matching", "/v1/match-runs", limit="100", **({"cursor": page["next"]} if page["next"] else {}))
        found += [one for one in page["items"] if not state or one["state"] == state]
    rows = [
        (one["id"], one["state"], one["phase"], f"{one['share']:.0%}", one["people"], one["gap"], one["problem"] or "")
        for one in found
    ]
    show(as_json, found, ["run", "state", "phase", "done", "people", "gap", "problem"], rows, "there is no such run")


def tokens(directory: Directory = WHERE, as_json: AsJson = False) -> None:
    """An access token of the stack's client, good for an hour: export TOKEN=$(peerloom tokens)."""
    stack = stack_in(directory)
    given = bearer(stack)
    print(json.dumps({"token": given, "organisation_id": (stack.client or {}).get("organisation_id")}) if as_json else given)


def load(
    service: Annotated[str, typer.Option(callback=known_service, help="Who is asked.")] = "profile",
    path: Annotated[str, typer.Option(help="What is read.")] = "/v1/participants?limit=20",
    rate: Annotated[int, typer.Option(min=1, max=5000, help="Requests a second.")] = 50,
    seconds: Annotated[int, typer.Option(min=1, max=3600)] = 10,
    directory: Directory = WHERE,
    as_json: AsJson = False,
) -> None:
    """Ask at a steady rate, whatever the answers take, and say how long they took; ends with 3 when one failed."""
    stack = stack_in(directory)
    headers = {"Authorization": f"Bearer {bearer(stack)}"}
    took, failed = asyncio.run(_load(f"{stack.services[service]}{path}", headers, rate, seconds))
    cuts = statistics.quantiles(took, n=100) if len(took) > 1 else [0.0] * 99
    figures = {"requests": len(took) + failed, "failed": failed, "p50_ms": round(cuts[49], 1), "p99_ms": round(cuts[98], 1)}
    show(as_json, figures, list(figures), [tuple(figures.values())], "")
    if failed:
        raise typer.Exit(NOT_READY)


async def _load(url: str, headers: dict[str, str], rate: int, seconds: int) -> tuple[list[float], int]:
    """Milliseconds from when each request was due to its answer: a stall counts for all who wait. And how many failed."""
    took: list[float] = []
    failed = 0

    async def ask(client: httpx.AsyncClient, due: float) -> None:
        nonlocal failed
        try:
            answer = await client.get(url)
        except httpx.HTTPError:
            failed += 1
            return
        if answer.is_success:
            took.append((time.perf_counter() - due) * 1000)
        else:
            failed += 1

    async with httpx.AsyncClient(headers=headers, trust_env=False, timeout=30) as client, asyncio.TaskGroup() as group:
        began = time.perf_counter()
        for number in range(rate * seconds):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(ask(client, due))
    return took, failed
