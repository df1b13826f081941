"""The commands `demo`, `up`, `down`, `status`, `people` and `environment`."""

from __future__ import annotations

import argparse
import asyncio
import json
import shlex
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from peerloom_dev.company import CallRefused, TookTooLong
from peerloom_dev.compose import ComposeStack, RunningStack
from peerloom_dev.credentials import CredentialError, organisation_client
from peerloom_dev.databases import DatabaseError
from peerloom_dev.demo import PEOPLE, Demo
from peerloom_dev.embedded import EmbeddedError
from peerloom_dev.launch import environment_of
from peerloom_dev.page import show
from peerloom_dev.report import STACK_STARTED
from peerloom_dev.sign_in import let_people_sign_in
from peerloom_dev.stack import BASE_PORT, DIRECTORY, SERVICES, Stack
from peerloom_dev.state import StackError, StackState
from peerloom_kafka import KafkaError

REPORT: Final = Path("build/demo/report.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command in these arguments, or in those of the process.

    Exit code 0; 1 with a sentence on stderr when something is in the way; 3 from `status` when not all is ready.
    """
    # So that a half-started stack is taken down when the command itself is told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = _arguments().parse_args(arguments)
    quiet = getattr(options, "quiet", False)
    commands = {"demo": demo, "up": up, "down": down, "status": status, "environment": environment, "people": people}
    try:
        return commands[options.command](options, Console(highlight=False, soft_wrap=True, quiet=quiet))
    except (StackError, EmbeddedError, KafkaError, DatabaseError, CredentialError, CallRefused, TookTooLong, OSError) as error:
        print(f"peerloom: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("peerloom: interrupted; `make down` removes whatever is left.", file=sys.stderr)
        return 130


def up(options: argparse.Namespace, console: Console) -> int:
    """Bring the stack up, with a client of a new organisation, and print where it is."""
    stack = Stack.up(
        options.directory,
        base_port=options.base_port,
        kafka=options.kafka,
        on_step=lambda step: console.print(f"[green]✓[/green] {step}"),
    )
    console.print("\nPeerloom is up.\n" if stack.started_here else "Peerloom is already up.\n")
    client = stack.client
    if client is None:
        client = organisation_client(stack.services["profile"], stack.issuer, stack.operator_secret, "Demo organisation")
        stack.keep_client(client)
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, url in {**stack.services, "issuer": stack.issuer}.items():
        table.add_row(name, f"{url}/docs")
    table.add_row("Kafka", f"{stack.kafka} ({stack.kafka_is})")
    console.print(table)
    console.print("\n[bold]Paste these lines into your shell[/bold]; the token is good for an hour, then paste them again.\n")
    print("\n".join(shell_lines(stack, client)))
    console.print("\nA first match: [cyan]examples/first_match.sh examples/people.csv[/cyan]; what it does: README, Use.")
    console.print(f"Logs are in {stack.directory}/logs; `make down` stops everything and deletes them.")
    return 0


def shell_lines(stack: StackState, client: Mapping[str, str]) -> list[str]:
    """Shell commands that set the addresses, a client's credential and a token."""
    addresses = {"ISSUER": stack.issuer, **{name.upper(): url for name, url in stack.services.items()}}
    credential = {name.upper(): client[name] for name in ("organisation_id", "client_id", "client_secret")}
    extract = """python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])'"""
    ask = 'curl -sS -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials "$ISSUER/oauth/token"'
    exports = [f"export {name}={shlex.quote(value)}" for name, value in {**addresses, **credential}.items()]
    return [*exports, f"export TOKEN=$({ask} | {extract})"]


def demo(options: argparse.Namespace, console: Console) -> int:
    """Run the main job on a stack of its own, or on the one that is up, and print its page; 1 when the figures disagree."""
    began = time.perf_counter()

    def on_step(step: str) -> None:
        console.print(f"[green]✓[/green] {step}")

    stack: Stack | ComposeStack | RunningStack
    if options.stack == "running":
        stack = RunningStack.of_environment()
    elif options.stack == "compose":
        stack = ComposeStack.up(on_step)
    else:
        stack = Stack.up(options.directory, base_port=options.base_port, kafka=options.kafka, on_step=on_step, tied=True)
    with stack:
        ready = time.perf_counter() - began
        report = asyncio.run(Demo(stack, console, options.people).run())
    report.seconds = {STACK_STARTED: round(ready, 2), **report.seconds}
    show(report, Console(highlight=False, quiet=options.quiet))  # this one wraps lines, so that the page fits its frame
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(report.as_json(), indent=1) + "\n")
    console.print(f"\nThe same as data: {REPORT}. To look around yourself: `make up`.")
    return 0 if report.agrees else 1


def down(options: argparse.Namespace, console: Console) -> int:
    """Take the stack down."""
    was_up = Stack.down(options.directory)
    console.print("Peerloom is down; nothing is left." if was_up else "Peerloom was not up; there is nothing to do.")
    return 0


def status(options: argparse.Namespace, console: Console) -> int:
    """Print what runs."""
    stack = Stack.load(options.directory)
    if stack is None:
        console.print("Peerloom is not up.")
        return 3
    states = stack.status()
    for name, state in states.items():
        console.print(f"{name:<10} {state}")
    return 0 if set(states.values()) <= {"ready", "given"} else 3


def environment(options: argparse.Namespace, console: Console) -> int:
    """Print the settings of one service as shell commands, to run a process of it by hand; 3 when nothing is up."""
    stack = Stack.load(options.directory)
    if stack is None:
        console.print("Peerloom is not up; `make up` starts it.")
        return 3
    service = next(one for one in SERVICES if one.name == options.service)
    print("\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment_of(stack, service).items()))
    return 0


def people(options: argparse.Namespace, console: Console) -> int:
    """Let the organisation's people sign in at the development issuer; 3 when nothing is up."""
    stack = Stack.load(options.directory)
    if stack is None or stack.client is None:
        console.print("Peerloom is not up; `make up` starts it.")
        return 3
    client_id, count = let_people_sign_in(
        stack.services["profile"], stack.issuer, stack.operator_secret, stack.client, options.redirect_uri
    )
    console.print(f"{count} people may sign in; the first is an HR administrator, the second manages every program.")
    print(f"export PEOPLES_CLIENT_ID={shlex.quote(client_id)}")
    console.print(f"They sign in at {stack.issuer}/oauth/authorize (code with PKCE); then PUT /v1/me links them once.")
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="peerloom_dev", description="Peerloom on this machine.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--directory", type=Path, default=DIRECTORY, help="for state and logs (%(default)s)")
    how = argparse.ArgumentParser(add_help=False)
    how.add_argument("--base-port", type=int, default=BASE_PORT, help="first of the ports (%(default)s)")
    how.add_argument("--kafka", choices=("embedded", "real"), default="embedded", help="real: Apache Kafka, needs a JDK 17")
    demo = commands.add_parser("demo", parents=[where, how], help="a company's people, matched: the whole way, once")
    stacks = ("embedded", "compose", "running")
    demo.add_argument("--stack", choices=stacks, default="embedded", help="compose: in containers; running: from inside them")
    demo.add_argument("--quiet", action="store_true", help="print nothing; the report is in a file")
    demo.add_argument("--people", type=int, default=PEOPLE, help="how many the company has (%(default)s)")
    commands.add_parser("up", parents=[where, how], help="start everything and keep it running")
    commands.add_parser("down", parents=[where], help="stop everything and leave nothing behind")
    commands.add_parser("status", parents=[where], help="show what runs; exit code 3 when not all is ready")
    who = commands.add_parser("people", parents=[where], help="let the organisation's people sign in")
    who.add_argument("--redirect-uri", default="http://127.0.0.1:3000/", help="of your front end (%(default)s)")
    told = commands.add_parser("environment", parents=[where], help="print a service's settings, to run it by hand")
    told.add_argument("service", choices=[one.name for one in SERVICES])
    return parser
