"""Looking after events: those that could not be handled, and those a service has passed by."""

import asyncio
from typing import Annotated

import asyncpg
import typer

from peerloom_cli.place import NOT_READY, WHERE, AsJson, Directory, known_service, service_command, show, stack_in
from peerloom_dev.stack import SERVICES, Stack

dead_letters = typer.Typer(help="Events that could not be handled.", no_args_is_help=True)

Service = Annotated[str, typer.Argument(callback=known_service, help="Such as matching.")]
Topic = Annotated[str, typer.Argument(help="The topic, as `list` shows it.")]
Key = Annotated[str, typer.Argument(help="The key, as `list` shows it.")]

_PARKED = """
SELECT topic, convert_from(key, 'UTF8') AS key, count(*) AS events, min(parked_at) AS since,
    (array_agg(reason ORDER BY partition_number, record_offset))[1] AS reason
FROM parked_event GROUP BY topic, key ORDER BY since
"""


@dead_letters.command("list")
def parked(directory: Directory = WHERE, as_json: AsJson = False) -> None:
    """Each parked key of every service: why, since when, how many events wait; ends with 3 when there is one."""
    found = asyncio.run(_parked(stack_in(directory)))
    rows = [tuple(one.values()) for one in found]
    show(as_json, found, ["service", "topic", "key", "events", "since", "reason"], rows, "nothing is parked")
    if found:
        raise typer.Exit(NOT_READY)


async def _parked(stack: Stack) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for one in SERVICES:
        connection = await asyncpg.connect(stack.databases[one.name])
        try:
            found += [{"service": one.name, **dict(row)} for row in await connection.fetch(_PARKED)]
        finally:
            await connection.close()
    return found


@dead_letters.command()
def release(service: Service, topic: Topic, key: Key, directory: Directory = WHERE, as_json: AsJson = False) -> None:
    """Handle a key's parked events in their order, once the cause is mended."""
    _run(directory, service, ["release", topic, key], as_json)


@dead_letters.command()
def discard(service: Service, topic: Topic, key: Key, directory: Directory = WHERE, as_json: AsJson = False) -> None:
    """Give up the event a key waits for; those behind it stay, to be released."""
    _run(directory, service, ["discard", topic, key], as_json)


def replay(
    service: Service,
    since: Annotated[str, typer.Option("--from", help="A time with its zone, or `beginning`.")],
    types: Annotated[list[str] | None, typer.Option("--type", help="Only this event type; may be given again.")] = None,
    directory: Directory = WHERE,
    as_json: AsJson = False,
) -> None:
    """Hand a running service the events it has passed by; nothing happens twice."""
    _run(directory, service, ["replay", "--from", since, *(["--types", *types] if types else [])], as_json)


def _run(directory: Directory, service: str, arguments: list[str], as_json: bool) -> None:
    done = service_command(stack_in(directory), service, *arguments, capture=as_json)
    if as_json:
        show(True, {"done": done.returncode == 0, "said": (done.stdout + done.stderr).splitlines()}, [], [], "")
    raise typer.Exit(done.returncode)
