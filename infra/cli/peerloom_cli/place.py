"""Where the stack is, and how answers are shown."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import httpx
import typer
from rich.console import Console
from rich.table import Table

from peerloom_dev.credentials import token
from peerloom_dev.launch import environment_of
from peerloom_dev.stack import DIRECTORY, SERVICES, Stack

NOT_READY: Final = 3

Directory = Annotated[Path, typer.Option("--directory", help="Where the stack keeps its state and logs.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
WHERE: Final = DIRECTORY

console: Final = Console(highlight=False, soft_wrap=True)


def stop(sentence: str, code: int = 1) -> NoReturn:
    """End with a sentence on stderr."""
    print(f"peerloom: {sentence}", file=sys.stderr)
    raise typer.Exit(code)


def stack_in(directory: Path) -> Stack:
    """The stack that is up there; ends with a sentence where none is."""
    stack = Stack.load(directory)
    if stack is None or not stack.ready:
        stop("no stack is up here; `peerloom up` starts one.", NOT_READY)
    return stack


def show(as_json: bool, data: object, columns: Sequence[str], rows: Iterable[Sequence[object]], nothing: str) -> None:
    """The data as JSON, or the rows as a table; `nothing` where there is none."""
    if as_json:
        print(json.dumps(data, indent=1, default=str))
        return
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*map(str, row))
    console.print(table if table.row_count else nothing)


def bearer(stack: Stack) -> str:
    """A token of the client that `up` has made."""
    if stack.client is None:
        stop("this stack has no client; `peerloom up` makes one.")
    return token(stack.issuer, stack.client["client_id"], stack.client["client_secret"])


def asked(stack: Stack, service: str, path: str, **parameters: str) -> dict[str, Any]:
    """The answer of a service to a GET in the client's name; ends with a sentence where it refuses."""
    try:
        answer = httpx.get(
            f"{stack.services[service]}{path}",
            params=parameters,
            headers={"Authorization": f"Bearer {bearer(stack)}"},
            trust_env=False,
            timeout=30,
        )
    except httpx.HTTPError as error:
        stop(f"{service} does not answer: {error}; `peerloom doctor` says why.")
    if answer.is_error:
        stop(f"{service} answered {answer.status_code}: {answer.text[:300]}")
    body: dict[str, Any] = answer.json()
    return body


def known_service(name: str) -> str:
    """The name of a service. Raises: BadParameter."""
    names = [one.name for one in SERVICES]
    if name not in names:
        raise typer.BadParameter(f"{name} is no service; there are {', '.join(names)}")
    return name


def service_command(stack: Stack, name: str, *arguments: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
    """What `python -m <name>_service …` does with the settings of the stack's own process."""
    one = next(each for each in SERVICES if each.name == name)
    settings: Mapping[str, str] = {**os.environ, **environment_of(stack, one), "PEERLOOM_LOG_LEVEL": "WARNING"}
    command = [sys.executable, "-m", one.module, *arguments]
    return subprocess.run(command, env=settings, text=True, capture_output=capture, check=False)
