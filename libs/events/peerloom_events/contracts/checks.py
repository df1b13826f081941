"""The four parts of the compatibility check. Each says what broke, for whom, and what to do."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
from pydantic import ValidationError

from peerloom_events.contracts.compatibility import breaks, same_on_the_wire
from peerloom_events.contracts.files import (
    ContractFiles,
    EventClass,
    Finding,
    Models,
    Schema,
    read_snapshot,
    schema_of,
    short_name,
)
from peerloom_events.contracts.history import History, blobs_now, history_of
from peerloom_events.envelope import Envelope, MalformedEnvelope
from peerloom_events.golden import GoldenRecord, MalformedSample

_ACCEPT = "Run `python -m peerloom_events.contracts accept` and commit what it writes"
_RESTORE = "Put it back as it was committed"


def check(models: Models, files: ContractFiles, history: History | None = None) -> list[Finding]:
    """Whether every promise made so far still holds for `models`.

    `history`: what git remembers of the files; asked here when not given. Returns no finding when all is well.
    """
    findings = [
        *_every_revision_stays_compatible(models, files),
        *_newest_snapshot_is_the_model(models, files),
        *_every_sample_loads(models, files),
        *_nothing_recorded_changed(files, history or history_of(files)),
    ]
    return sorted(findings, key=lambda finding: finding.about)


def incompatibilities(event: EventClass, files: ContractFiles) -> Iterator[Finding]:
    """What today's model of an event breaks, for every snapshot of it."""
    today = schema_of(event)
    todo = f"Put it back, or say it as a new type {next_major(event.type)!r} beside this one"
    for revision, file in files.revisions(short_name(event)).items():
        about = f"{short_name(event)} revision {revision}"
        snapshot = _snapshot(file)
        if snapshot is None:
            yield Finding(about, "its snapshot is not a JSON object", _RESTORE)
            continue
        for broken in breaks(snapshot, today):
            yield Finding(about, str(broken), todo)


def next_major(event_type: str) -> str:
    """`….v1` → `….v2`."""
    return re.sub(r"\.v([0-9]+)$", lambda found: f".v{int(found[1]) + 1}", event_type)


def _every_revision_stays_compatible(models: Models, files: ContractFiles) -> Iterator[Finding]:
    for event in models.values():
        yield from incompatibilities(event, files)
    for name in sorted(files.names() - {short_name(event) for event in models.values()}):
        yield Finding(
            name,
            "its event class is gone, and records of it can no longer be read",
            "Put the class back; an event nobody says any more keeps its class while records of it exist",
        )


def _newest_snapshot_is_the_model(models: Models, files: ContractFiles) -> Iterator[Finding]:
    for event in models.values():
        name, today = short_name(event), schema_of(event)
        if not same_on_the_wire(event.model_json_schema(mode="serialization"), event.model_json_schema()):
            yield Finding(
                name,
                "writes something other than it reads",
                "Use a field type with one JSON form (no Decimal, no computed or aliased field)",
            )
        revisions = files.revisions(name)
        if not revisions:
            yield Finding(name, "has no snapshot, so nobody can hold it to anything", _ACCEPT)
            continue
        if list(revisions) != list(range(1, len(revisions) + 1)):
            yield Finding(name, f"its revisions {list(revisions)} do not count up from 1", _RESTORE)
        newest = _snapshot(revisions[max(revisions)])
        if newest is not None and not breaks(newest, today) and breaks(today, newest):
            yield Finding(name, f"the model is not its newest snapshot, revision {max(revisions)}", _ACCEPT)


def _every_sample_loads(models: Models, files: ContractFiles) -> Iterator[Finding]:
    for event in models.values():
        revisions = files.revisions(short_name(event))
        sampled = set()
        for file in files.samples(short_name(event)):
            path = file.relative_to(files.root).as_posix()
            try:
                record = GoldenRecord.read(file, files.root)
            except MalformedSample as error:
                yield Finding(path, str(error), _RESTORE)
                continue
            sampled.add(record.revision)
            if record.revision not in revisions:
                yield Finding(path, f"there is no revision {record.revision} of this event", _ACCEPT)
                continue
            snapshot = _snapshot(revisions[record.revision])
            if snapshot is not None:
                yield from (Finding(path, what, todo) for what, todo in _wrong_with(record, event, snapshot))
        for revision in sorted(revisions.keys() - sampled):
            yield Finding(f"{short_name(event)} revision {revision}", "has no golden sample", _ACCEPT)


def _wrong_with(record: GoldenRecord, event: EventClass, snapshot: Schema) -> Iterator[tuple[str, str]]:
    """What is wrong with one golden sample, and what to do about it."""
    reading = "Change the model so that it reads the record again"
    correct = "Correct the sample if it was never committed; otherwise put model and sample back"
    validator = jsonschema_rs.validator_for(snapshot, validate_formats=True)
    for wrong in validator.iter_errors(record.data):
        place = "/".join(map(str, wrong.instance_path))
        yield f"breaks its own schema at {place or 'the top'}: {wrong.message}", correct
    try:
        envelope = Envelope.from_headers(record.headers)
    except MalformedEnvelope as error:
        yield f"its headers cannot be read: {error}", reading
        return
    if dict(envelope.headers()) != dict(record.headers):
        yield "its headers are not those that are written today", reading
    if (envelope.type, envelope.dataschema) != (event.type, event.dataschema()):
        yield f"its headers are of {envelope.type!r}, schema {envelope.dataschema!r}", correct
    try:
        said = event.from_json(record.value)
    except ValidationError as error:
        reasons = "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
        yield f"cannot be read by today's model: {reasons}", reading
        return
    if not record.key.decode() == envelope.partitionkey == str(said.key):
        yield f"key, ce_partitionkey and {event.key_field} differ", correct
    if not _keeps(json.loads(said.to_json()), record.data):
        yield "loses or changes a value when read and written again", reading


def _nothing_recorded_changed(files: ContractFiles, history: History) -> Iterator[Finding]:
    """A file may only ever be added: git says what was there, the digests say it where git cannot be asked."""
    present, recorded = set(files.paths()), files.recorded_digests()
    committed_and_here = sorted(present & history.first.keys())
    now = blobs_now(files, committed_and_here)
    changed = {path for path in present & recorded.keys() if files.digest(path) != recorded[path]}
    for path in (recorded.keys() | history.first.keys()) - present:
        yield Finding(path, "was removed, though records like it may still exist", _RESTORE)
    rewritten = {path for path in committed_and_here if now[path] != history.first[path]}
    for path in rewritten:
        yield Finding(path, "is not what was first committed under this name", _RESTORE)
    for path in changed - rewritten:
        never_committed = not history.gap and path not in history.first
        yield Finding(path, f"is not what {files.digests.name} says", _ACCEPT if never_committed else _RESTORE)
    for path in present - recorded.keys():
        yield Finding(path, f"is not in {files.digests.name}", _ACCEPT)


def _keeps(rewritten: Any, original: Any) -> bool:
    """Whether everything in `original` is still in `rewritten`; fields may have been added by defaults."""
    if isinstance(original, dict):
        return isinstance(rewritten, dict) and all(
            name in rewritten and _keeps(rewritten[name], value) for name, value in original.items()
        )
    if isinstance(original, list):
        return (
            isinstance(rewritten, list)
            and len(rewritten) == len(original)
            and all(_keeps(one, other) for one, other in zip(rewritten, original, strict=True))
        )
    return bool(rewritten == original)


def _snapshot(file: Path) -> Schema | None:
    try:
        return read_snapshot(file)
    except ValueError:
        return None
