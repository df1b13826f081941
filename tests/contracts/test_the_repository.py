"""The events as they are checked in: every promise holds, and the documents say what the models say."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

import peerloom_events
from peerloom_events import event_types, golden_records
from peerloom_events.contracts.asyncapi import HEADERS, OPTIONAL_HEADERS, asyncapi_document
from peerloom_events.contracts.catalogue import catalogue
from peerloom_events.contracts.checks import check
from peerloom_events.contracts.draft import drafted_record
from peerloom_events.contracts.files import ContractFiles, schema_of, short_name
from peerloom_events.topics import TOPICS

REPOSITORY = Path(__file__).parents[2]
EVENTS = event_types()


def test_every_promise_holds() -> None:
    assert [str(finding) for finding in check(EVENTS, ContractFiles())] == []


def test_every_event_has_a_sample_chosen_by_hand() -> None:
    for event in EVENTS.values():
        draft = drafted_record(event)["data"]
        chosen = [record for record in golden_records(event.type) if record.data != draft]
        assert chosen, f"{event.__name__} has only the draft `accept` made; make one of its samples realistic"


def test_the_documents_say_what_the_events_say() -> None:
    assert run("docs", "--check").stdout == ""


def test_the_check_says_so_and_exits_0() -> None:
    done = run("check")

    assert done.returncode == 0, done.stdout
    assert f"{len(EVENTS)} events" in done.stdout
    assert "every promise holds" in done.stdout


def test_documents_that_lag_behind_are_refused(tmp_path: Path) -> None:
    assert run("docs", "--directory", str(tmp_path)).returncode == 0
    assert run("docs", "--check", "--directory", str(tmp_path)).returncode == 0
    (tmp_path / "events.md").write_text("Events used to be like this.")
    (tmp_path / "asyncapi.yaml").unlink()

    done = run("docs", "--check", "--directory", str(tmp_path))

    assert done.returncode == 1
    assert [line.split(" ")[0] for line in done.stdout.splitlines()] == [
        str(tmp_path / "asyncapi.yaml"), str(tmp_path / "events.md"),
    ]  # fmt: skip


def test_documents_have_to_have_a_folder(tmp_path: Path) -> None:
    done = run("docs", "--directory", str(tmp_path / "nowhere"))

    assert done.returncode == 1
    assert "not a folder" in done.stdout


def test_an_event_is_added_by_a_class_and_one_command(tmp_path: Path) -> None:
    package = tmp_path / "peerloom_events"
    shutil.copytree(Path(peerloom_events.__file__).parent, package)
    module = package / "sessions.py"
    module.write_text(module.read_text(encoding="utf-8") + CHECK_IN, encoding="utf-8")

    assert "sessions.checkin.recorded.v1: has no snapshot" in run("check", package=package).stdout
    accepted = run("accept", package=package)
    assert (accepted.returncode, accepted.stdout.splitlines()) == (
        0,
        [
            "new schemas/sessions.checkin.recorded.v1/1.json",
            "new samples/sessions.checkin.recorded.v1/1-typical.json: a draft; make it realistic",
        ],
    )
    assert run("check", package=package).returncode == 0

    module.write_text(module.read_text(encoding="utf-8").replace("mood: int", "mood: str"), encoding="utf-8")
    refused = run("accept", package=package)
    assert refused.returncode == 1
    assert "not accepted: sessions.checkin.recorded.v1 revision 1: mood type 'integer' became 'string'" in refused.stdout
    assert "If the earlier revision was never committed, delete its files and accept again." in refused.stdout


CHECK_IN = """

class CheckInRecorded(Event, type="io.peerloom.sessions.checkin.recorded.v1", topic=SESSIONS, key="match_id"):
    match_id: UUID
    mood: int
"""


@pytest.mark.parametrize("missing", ["jsonschema_rs", "yaml"])
def test_without_the_extra_it_says_what_to_install(missing: str) -> None:
    run_it = "runpy.run_module('peerloom_events.contracts', run_name='__main__')"
    program = f"import sys, runpy; sys.modules[{missing!r}] = None; {run_it}"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment(), check=False)

    assert done.returncode == 1
    assert done.stderr == f"{missing} is not installed: pip install 'peerloom-events[contracts]'\n"


def test_reading_events_needs_pydantic_only() -> None:
    program = (
        "import sys, peerloom_events as p; assert len(list(p.golden_records(next(iter(p.event_types())))));"
        "print({m.partition('.')[0] for m in sys.modules} & {'cloudevents', 'jsonschema_rs', 'yaml', 'aiokafka', 'dateutil'})"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment(), check=True)

    assert done.stdout == "set()\n"


def test_every_example_of_the_asyncapi_document_fits_its_own_schemas() -> None:
    document = yaml.safe_load((REPOSITORY / "docs" / "asyncapi.yaml").read_text(encoding="utf-8"))
    examples = 0
    for name, message in document["components"]["messages"].items():
        for part, schema in (("headers", message["headers"]), ("payload", message["payload"])):
            validator = jsonschema_rs.validator_for({**schema, "components": document["components"]}, validate_formats=True)
            for example in message["examples"]:
                examples += 1
                assert [error.message for error in validator.iter_errors(example[part])] == [], f"{name}, {example['name']}"
            assert not validator.is_valid({}), f"{name}: its {part} schema accepts anything"
    assert examples >= 2 * len(EVENTS)


def test_the_asyncapi_document_has_every_topic_event_and_binding() -> None:
    document = asyncapi_document(EVENTS, ContractFiles())

    channels = document["channels"]
    assert set(channels) == {topic.name for topic in TOPICS}
    for topic in TOPICS:
        binding = channels[topic.name]["bindings"]["kafka"]
        assert (binding["topic"], binding["partitions"]) == (topic.name, topic.partitions)
        expected = {event.__name__ for event in EVENTS.values() if event.topic == topic}
        assert set(channels[topic.name]["messages"]) == expected
    said = [message["$ref"] for operation in document["operations"].values() for message in operation["messages"]]
    assert sorted(said) == sorted(f"#/channels/{e.topic.name}/messages/{e.__name__}" for e in EVENTS.values())
    for event in EVENTS.values():
        message = document["components"]["messages"][event.__name__]
        assert message["name"] == event.type
        assert event.key_field in message["bindings"]["kafka"]["key"]["description"]


def test_the_asyncapi_document_describes_every_header_that_is_written() -> None:
    written = {name for event in EVENTS for record in golden_records(event) for name, _ in record.headers}
    always = set.intersection(*({name for name, _ in r.headers} for event in EVENTS for r in golden_records(event)))

    assert written == set(HEADERS)
    assert always == set(HEADERS) - OPTIONAL_HEADERS


def test_the_catalogue_names_every_event_and_every_field() -> None:
    text = catalogue(EVENTS, ContractFiles())

    for event in EVENTS.values():
        section = text.split(f"\n### {event.__name__}\n")[1].split("\n### ")[0]
        assert f"`{event.type}`, said by **{event.service()}**, key `{event.key_field}`" in section
        assert all(f"| `{name}` |" in section for name in event.model_fields)
        assert "```json" in section


def test_a_snapshot_is_the_schema_its_dataschema_names() -> None:
    files = ContractFiles()
    for event in EVENTS.values():
        for file in files.revisions(short_name(event)).values():
            snapshot = json.loads(file.read_bytes())
            assert snapshot["$id"] == event.dataschema()
            jsonschema_rs.meta.validate(snapshot)
            assert snapshot.keys() - {"$defs"} == schema_of(event).keys() - {"$defs"}, "$defs come and go with the fields"


def run(*arguments: str, package: Path = Path(peerloom_events.__file__).parent) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "peerloom_events.contracts", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, env=environment(package), capture_output=True, text=True, check=False)


def environment(package: Path = Path(peerloom_events.__file__).parent) -> dict[str, str]:
    """The tests' own environment, with the package where these tests found it, or a copy."""
    return os.environ | {"PYTHONPATH": str(package.parent)}
