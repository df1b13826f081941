"""What the command is made of."""

import json
from typing import Annotated, Literal

import typer

from peerloom_cli import drill, events, look, work
from peerloom_cli.place import NOT_READY, WHERE, AsJson, Directory, show
from peerloom_dev import commands
from peerloom_dev.credentials import organisation_client
from peerloom_dev.demo import PEOPLE
from peerloom_dev.stack import BASE_PORT, Stack
from peerloom_dev.state import StackError

app = typer.Typer(name="peerloom", help="Bring Peerloom up, look at it, look after it.", no_args_is_help=True)
app.command()(look.doctor)
app.command()(look.topics)
app.add_typer(events.dead_letters, name="dlq")
app.command()(events.replay)
app.command()(work.runs)
app.command()(work.tokens)
app.command()(work.load)
app.command()(drill.restore_drill)

Kafka = Literal["embedded", "real"]
BasePort = Annotated[int, typer.Option(help="First of the ports.")]
WhichKafka = Annotated[Kafka, typer.Option(help="real: Apache Kafka, needs a JDK 17.")]


@app.command()
def up(
    directory: Directory = WHERE, base_port: BasePort = BASE_PORT, kafka: WhichKafka = "embedded", as_json: AsJson = False
) -> None:
    """Start everything and keep it running; a stack that is up stays as it is."""
    if not as_json:
        raise typer.Exit(commands.main(["up", "--directory", str(directory), "--base-port", str(base_port), "--kafka", kafka]))
    try:
        stack = Stack.up(directory, base_port=base_port, kafka=kafka)
        if stack.client is None:
            stack.keep_client(
                organisation_client(stack.services["profile"], stack.issuer, stack.operator_secret, "Demo organisation")
            )
    except StackError as error:
        print(json.dumps({"up": False, "problem": str(error)}))
        raise typer.Exit(1) from error
    print(
        json.dumps(
            {"up": True, "services": stack.services, "issuer": stack.issuer, "kafka": stack.kafka, "client": stack.client}
        )
    )


@app.command()
def down(directory: Directory = WHERE, as_json: AsJson = False) -> None:
    """Stop everything and leave nothing behind."""
    if not as_json:
        raise typer.Exit(commands.main(["down", "--directory", str(directory)]))
    print(json.dumps({"was_up": Stack.down(directory)}))


@app.command()
def demo(
    stack: Annotated[Literal["embedded", "compose", "running"], typer.Option(help="compose: in containers.")] = "embedded",
    people: Annotated[int, typer.Option(help="How many the company has.")] = PEOPLE,
    directory: Directory = WHERE,
    as_json: AsJson = False,
) -> None:
    """A company's people, matched: the whole way, once."""
    arguments = ["demo", "--stack", stack, "--people", str(people), "--directory", str(directory)]
    code = commands.main([*arguments, *(["--quiet"] if as_json else [])])
    if as_json and commands.REPORT.exists():
        print(commands.REPORT.read_text())
    raise typer.Exit(code)


@app.command()
def status(directory: Directory = WHERE, as_json: AsJson = False) -> None:
    """What runs, and whether it is ready; ends with 3 when not all is."""
    stack = Stack.load(directory)
    states = stack.status() if stack else {}
    show(as_json, states, ["part", "state"], states.items(), "Peerloom is not up; `peerloom up` starts it.")
    if not states or not set(states.values()) <= {"ready", "given"}:
        raise typer.Exit(NOT_READY)
