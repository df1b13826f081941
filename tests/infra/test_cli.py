"""The command `peerloom`: it ends with a sentence and a code that a script can act on, and speaks JSON everywhere."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from peerloom_cli.main import app
from peerloom_cli.place import NOT_READY

RUNNER = CliRunner()


def commands(group: typer.Typer, *path: str) -> list[tuple[str, ...]]:
    found = [
        (*path, command.name or command.callback.__name__.replace("_", "-"))
        for command in group.registered_commands
        if command.callback
    ]
    for inner in group.registered_groups:
        if inner.typer_instance is not None:
            found += commands(inner.typer_instance, *path, str(inner.name))
    return found


@pytest.mark.parametrize("command", commands(app), ids=" ".join)
def test_every_command_explains_itself_and_speaks_json(command: tuple[str, ...]) -> None:
    said = RUNNER.invoke(app, [*command, "--help"], env={"COLUMNS": "200"})

    assert said.exit_code == 0
    assert "--json" in said.output


@pytest.mark.parametrize("command", ["topics", "runs", "tokens", "load", "dlq list"])
def test_where_no_stack_is_up_it_says_how_to_start_one(command: str, tmp_path: Path) -> None:
    said = RUNNER.invoke(app, [*command.split(), "--directory", str(tmp_path)])

    assert said.exit_code == NOT_READY
    assert "peerloom up" in said.output


def test_status_and_doctor_can_be_read_by_a_program_and_end_with_what_they_found(tmp_path: Path) -> None:
    status = RUNNER.invoke(app, ["status", "--json", "--directory", str(tmp_path)])
    doctor = RUNNER.invoke(app, ["doctor", "--json", "--directory", str(tmp_path)])

    assert (status.exit_code, json.loads(status.stdout)) == (NOT_READY, {})
    assert doctor.exit_code == NOT_READY
    (stack,) = [one for one in json.loads(doctor.stdout) if one["what"] == "stack"]
    assert stack["wrong"] == "is not up"
    assert "peerloom up" in stack["do"]


def test_a_service_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    said = RUNNER.invoke(app, ["replay", "guild", "--from", "beginning", "--directory", str(tmp_path)], env={"COLUMNS": "200"})

    assert said.exit_code == 2
    assert "guild is no service" in said.output
