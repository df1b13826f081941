"""Snapshots and samples hold still: what was promised or recorded is never edited, moved or dropped."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import pytest
from pydantic import AfterValidator

from peerloom_events.contracts.accept import accept
from peerloom_events.contracts.checks import check
from peerloom_events.contracts.files import ContractFiles
from peerloom_events.contracts.history import History, history_of
from peerloom_events.event import Event

from .conftest import NAME, NOT_ASKED, TYPE, CraftWithHobby, Declare, findings

SNAPSHOT = f"schemas/{NAME}/1.json"
SAMPLE = f"samples/{NAME}/1-typical.json"


@pytest.mark.parametrize("path", [SNAPSHOT, SAMPLE])
def test_a_changed_file_is_refused_by_its_digest(path: str, declare: Declare, promised: ContractFiles) -> None:
    file = promised.root / path
    file.write_text(file.read_text() + "\n")

    assert findings(declare(), promised) == [f"{path}: is not what SHA256SUMS says. Put it back as it was committed."]


@pytest.mark.parametrize("path", [SNAPSHOT, SAMPLE])
def test_a_changed_file_cannot_be_accepted_where_git_cannot_vouch(path: str, declare: Declare, promised: ContractFiles) -> None:
    file = promised.root / path
    file.write_text(file.read_text() + "\n")

    accept({TYPE: declare()}, promised, NOT_ASKED)

    assert findings(declare(), promised)


@pytest.mark.parametrize("path", [SNAPSHOT, SAMPLE])
def test_a_removed_file_is_refused_by_its_digest(path: str, declare: Declare, promised: ContractFiles) -> None:
    (promised.root / path).unlink()

    assert f"{path}: was removed, though records like it may still exist. Put it back as it was committed." in findings(
        declare(), promised
    )


def test_a_file_without_a_digest_is_refused(declare: Declare, promised: ContractFiles) -> None:
    another = promised.root / f"samples/{NAME}/1-another.json"
    another.write_text((promised.root / SAMPLE).read_text())

    assert [line.partition(":")[0] for line in findings(declare(), promised)] == [f"samples/{NAME}/1-another.json"]

    accept({TYPE: declare()}, promised, NOT_ASKED)
    assert findings(declare(), promised) == []


def test_a_gap_between_revisions_is_refused(declare: Declare, promised: ContractFiles) -> None:
    (promised.root / SNAPSHOT).rename(promised.root / f"schemas/{NAME}/2.json")

    assert [line for line in findings(declare(), promised) if "revisions [2] do not count up from 1" in line]


@pytest.mark.parametrize("text", ["", "[]", '"schema"'])
def test_a_snapshot_that_is_no_schema_is_refused(text: str, declare: Declare, promised: ContractFiles) -> None:
    (promised.root / SNAPSHOT).write_text(text)

    assert [line for line in findings(declare(), promised) if "its snapshot is not a JSON object" in line]


BROKEN_SAMPLES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a value its schema refuses": (lambda record: record["data"].update(hours=41), "breaks its own schema at hours"),
    "a required field missing": (lambda record: record["data"].pop("title"), "breaks its own schema at the top"),
    "an instant without a zone": (
        lambda record: record["data"].update(joined_at="2026-03-02T09:30:00"), "breaks its own schema at joined_at",
    ),
    "another key": (lambda record: record.update(key=str(uuid4())), "key, ce_partitionkey and person_id differ"),
    "a header missing": (lambda record: record["headers"].pop("ce_tenantid"), "cannot be read: CloudEvents headers missing"),
    "another type in its headers": (
        lambda record: record["headers"].update(ce_type="io.peerloom.profile.guild.left.v1"), "its headers are of",
    ),
    "a header nobody writes": (lambda record: record["headers"].update(ce_colour="red"), "not those that are written today"),
    "a value that reads as another": (lambda record: record["data"].update(note="", unknown=1), "loses or changes a value"),
    "no data": (lambda record: record.pop("data"), "not a JSON object of headers, key and data"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN_SAMPLES)
def test_a_sample_that_is_no_record_of_its_event_is_refused(kind: str, declare: Declare, promised: ContractFiles) -> None:
    spoil, what = BROKEN_SAMPLES[kind]
    record = json.loads((promised.root / SAMPLE).read_text())
    spoil(record)
    (promised.root / SAMPLE).write_text(json.dumps(record))

    assert [line for line in findings(declare(), promised) if line.startswith(SAMPLE) and what in line]


def test_a_record_that_todays_rules_refuse_is_a_finding(declare: Declare, promised: ContractFiles) -> None:
    """JSON Schema cannot show a rule written in Python; only an old record can."""

    def in_capitals(title: str) -> str:
        if not title.isupper():
            raise ValueError("a title is written in capitals")
        return title

    [said] = findings(declare(title=Annotated[str, AfterValidator(in_capitals)]), promised)

    assert said.startswith(f"{SAMPLE}: cannot be read by today's model: title: Value error, a title is written in capitals")
    assert said.endswith("Change the model so that it reads the record again.")


def test_a_sample_of_a_revision_nobody_made_is_refused(declare: Declare, promised: ContractFiles) -> None:
    (promised.root / SAMPLE).rename(promised.root / f"samples/{NAME}/7-typical.json")

    said = findings(declare(), promised)

    assert [line for line in said if "there is no revision 7 of this event" in line]
    assert [line for line in said if line.startswith(f"{NAME} revision 1: has no golden sample")]


def test_an_event_never_accepted_is_a_finding(declare: Declare, tmp_path: Path) -> None:
    assert [line.partition(". Run")[0] for line in findings(declare(), ContractFiles(tmp_path))] == [
        f"{NAME}: has no snapshot, so nobody can hold it to anything"
    ]


def test_accepting_twice_changes_nothing(declare: Declare, promised: ContractFiles) -> None:
    before = {path: (promised.root / path).read_bytes() for path in [*promised.paths(), "SHA256SUMS"]}

    accepted = accept({TYPE: declare()}, promised, NOT_ASKED)

    assert (accepted.written, accepted.refused) == ([], [])
    assert {path: (promised.root / path).read_bytes() for path in [*promised.paths(), "SHA256SUMS"]} == before


def test_the_draft_of_a_later_revision_keeps_what_people_wrote(declare: Declare, promised: ContractFiles) -> None:
    record = json.loads((promised.root / SAMPLE).read_text())
    record["data"]["title"] = "Guild of Listeners"
    (promised.root / SAMPLE).write_text(json.dumps(record))

    accept({TYPE: declare(city=(str, ""), best=CraftWithHobby)}, promised, NOT_ASKED)

    drafted = json.loads((promised.root / f"samples/{NAME}/2-typical.json").read_text())
    assert drafted["data"] == record["data"] | {"city": "city", "best": record["data"]["best"] | {"hobby": True}}


def test_a_committed_snapshot_is_held_by_git_even_when_its_digest_is_forged(declare: Declare, promised: ContractFiles) -> None:
    commit(promised, "Promise it")
    rewrite(promised, SNAPSHOT)

    assert asked_with_git(declare(), promised) == [
        f"{SNAPSHOT}: is not what was first committed under this name. Put it back as it was committed."
    ]


def test_committing_the_change_does_not_help(declare: Declare, promised: ContractFiles) -> None:
    commit(promised, "Promise it")
    rewrite(promised, SAMPLE)
    commit(promised, "Nobody will notice")

    assert [line.partition(":")[0] for line in asked_with_git(declare(), promised)] == [SAMPLE]


def test_a_file_removed_with_its_digest_is_remembered_by_git(declare: Declare, promised: ContractFiles) -> None:
    commit(promised, "Promise it")
    extra = promised.root / f"samples/{NAME}/1-extra.json"
    extra.write_text((promised.root / SAMPLE).read_text())
    accept({TYPE: declare()}, promised)
    commit(promised, "One more sample")
    extra.unlink()
    forge_digests(promised)
    commit(promised, "One less")

    assert asked_with_git(declare(), promised) == [
        f"samples/{NAME}/1-extra.json: was removed, though records like it may still exist. Put it back as it was committed."
    ]


def test_removing_a_file_and_adding_another_in_its_place_does_not_help(declare: Declare, promised: ContractFiles) -> None:
    commit(promised, "Promise it")
    text = (promised.root / SAMPLE).read_text()
    (promised.root / SAMPLE).unlink()
    commit(promised, "Remove it")
    (promised.root / SAMPLE).write_text(text + "\n")
    forge_digests(promised)
    commit(promised, "Add something else")

    assert [line.partition(":")[0] for line in asked_with_git(declare(), promised)] == [SAMPLE]


def test_what_only_a_merge_added_is_held_too(declare: Declare, promised: ContractFiles) -> None:
    git(promised, "init", "--quiet", "--initial-branch=main")
    git(promised, "commit", "--quiet", "--allow-empty", "-m", "Begin")
    git(promised, "switch", "--quiet", "-c", "feature")
    git(promised, "commit", "--quiet", "--allow-empty", "-m", "A feature")
    git(promised, "switch", "--quiet", "main")
    git(promised, "commit", "--quiet", "--allow-empty", "-m", "Meanwhile")
    git(promised, "merge", "--quiet", "--no-commit", "--no-ff", "feature")
    commit(promised, "Promise it while merging")
    rewrite(promised, SNAPSHOT)

    assert [line.partition(":")[0] for line in asked_with_git(declare(), promised)] == [SNAPSHOT]


def test_a_change_taken_back_is_forgiven(declare: Declare, promised: ContractFiles) -> None:
    commit(promised, "Promise it")
    original = (promised.root / SNAPSHOT).read_text()
    rewrite(promised, SNAPSHOT)
    commit(promised, "A mistake")
    (promised.root / SNAPSHOT).write_text(original)
    forge_digests(promised)

    assert asked_with_git(declare(), promised) == []


def test_before_the_first_commit_a_draft_may_be_made_realistic(declare: Declare, promised: ContractFiles) -> None:
    git(promised, "init", "--quiet")
    record = json.loads((promised.root / SAMPLE).read_text())
    record["data"]["title"] = "Guild of Listeners"
    (promised.root / SAMPLE).write_text(json.dumps(record))

    assert [line for line in asked_with_git(declare(), promised) if "Run `python -m peerloom_events.contracts accept`" in line]

    accept({TYPE: declare()}, promised)
    assert asked_with_git(declare(), promised) == []


def test_before_the_first_commit_a_revision_may_be_deleted_and_accepted_anew(declare: Declare, promised: ContractFiles) -> None:
    git(promised, "init", "--quiet")
    (promised.root / SNAPSHOT).unlink()
    (promised.root / SAMPLE).unlink()
    rethought = declare(without="title")

    assert accept({TYPE: rethought}, promised).written == [SNAPSHOT, SAMPLE]
    assert asked_with_git(rethought, promised) == []


def test_after_the_first_commit_accepting_does_not_renew_a_digest(declare: Declare, promised: ContractFiles) -> None:
    commit(promised, "Promise it")
    (promised.root / SAMPLE).write_text((promised.root / SAMPLE).read_text() + "\n")
    before = promised.recorded_digests()

    accept({TYPE: declare()}, promised)

    assert promised.recorded_digests() == before
    assert [line.partition(":")[0] for line in asked_with_git(declare(), promised)] == [SAMPLE]


def test_without_git_the_digests_stand_alone_and_it_is_said(promised: ContractFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "not a git repository" in history_of(promised).gap

    monkeypatch.setenv("PATH", "")
    assert history_of(promised) == History(gap="git history was not asked: git is not installed")


def test_a_shallow_clone_is_said(promised: ContractFiles, tmp_path_factory: pytest.TempPathFactory) -> None:
    commit(promised, "Promise it")
    git(promised, "commit", "--quiet", "--allow-empty", "-m", "More")
    clone = tmp_path_factory.mktemp("clone") / "repository"
    git(promised, "clone", "--quiet", "--depth=1", f"file://{promised.root.parent}", str(clone))

    history = history_of(ContractFiles(clone / "package"))

    assert "shallow" in history.gap
    assert set(history.first) == {SNAPSHOT, SAMPLE}


def asked_with_git(event: type[Event], files: ContractFiles) -> list[str]:
    history = history_of(files)
    assert not history.gap
    return [str(finding) for finding in check({event.type: event}, files, history)]


def rewrite(files: ContractFiles, path: str) -> None:
    """Change a file and forge its digest, as somebody in a hurry would."""
    (files.root / path).write_text((files.root / path).read_text() + "\n")
    forge_digests(files)


def forge_digests(files: ContractFiles) -> None:
    files.record_digests({path: files.digest(path) for path in files.paths()})


def commit(files: ContractFiles, why: str) -> None:
    git(files, "init", "--quiet")
    git(files, "add", "--all")
    git(files, "commit", "--quiet", "-m", why)


def git(files: ContractFiles, *arguments: str) -> None:
    nobody = {f"GIT_{role}_{part}": "nobody" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *arguments], cwd=files.root.parent, env=os.environ | nobody | own, check=True, capture_output=True)
