"""Writing down a new promise: the snapshot, a first draft of a sample, and the digests. Never over an old one."""

from collections.abc import Iterator
from dataclasses import dataclass

from peerloom_events.contracts.checks import incompatibilities
from peerloom_events.contracts.compatibility import same_on_the_wire
from peerloom_events.contracts.draft import drafted_record
from peerloom_events.contracts.files import (
    ContractFiles,
    EventClass,
    Finding,
    Models,
    read_snapshot,
    sample_text,
    schema_of,
    short_name,
    snapshot_text,
)
from peerloom_events.contracts.history import History, history_of
from peerloom_events.golden import golden_records


@dataclass(frozen=True, slots=True)
class Accepted:
    """`written`: new files, relative to the contract files. `refused`: events that break an older promise instead."""

    written: list[str]
    refused: list[Finding]


def accept(models: Models, files: ContractFiles, history: History | None = None) -> Accepted:
    """Write what is missing: the next revision of each event that changed compatibly, a sample of it, the digests.

    An event that breaks an earlier revision gets no new one. Files are only ever added; digests are renewed only for
    files git has never seen committed.
    """
    new: list[str] = []
    refused: list[Finding] = []
    for event in models.values():
        broken = list(incompatibilities(event, files))
        refused.extend(broken)
        if not broken:
            new.extend(_write_snapshot(event, files))
            new.extend(_write_sample(event, files))
    _record_digests(files, history or history_of(files))
    return Accepted(new, refused)


def _write_snapshot(event: EventClass, files: ContractFiles) -> Iterator[str]:
    today, revisions = schema_of(event), files.revisions(short_name(event))
    newest = max(revisions, default=0)
    if newest and same_on_the_wire(read_snapshot(revisions[newest]), today):
        return
    yield _add(files, f"schemas/{short_name(event)}/{newest + 1}.json", snapshot_text(today))


def _write_sample(event: EventClass, files: ContractFiles) -> Iterator[str]:
    name = short_name(event)
    newest = max(files.revisions(name))
    records = list(golden_records(event.type, files.root))
    if any(record.revision == newest for record in records):
        return
    earlier = records[-1] if records else None
    yield _add(files, f"samples/{name}/{newest}-typical.json", sample_text(drafted_record(event, earlier)))


def _add(files: ContractFiles, path: str, text: str) -> str:
    file = files.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("x", encoding="utf-8") as new:
        new.write(text)
    return path


def _record_digests(files: ContractFiles, history: History) -> None:
    """Old lines stand where git has seen the file, or cannot be asked: a changed file must not clear itself."""
    held = {path for path in files.recorded_digests() if history.gap or path in history.first}
    kept = {path: digest for path, digest in files.recorded_digests().items() if path in held}
    files.record_digests({path: files.digest(path) for path in files.paths()} | kept)
