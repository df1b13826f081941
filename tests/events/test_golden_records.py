"""Golden records: what others may feed to their own consumers."""

from pathlib import Path

import pytest

from peerloom_events import Envelope, GoldenRecord, MalformedSample, event_types, golden_records


def test_a_golden_record_is_a_whole_kafka_record() -> None:
    record = next(golden_records("io.peerloom.sessions.session.missed.v1"))

    envelope = Envelope.from_headers(record.headers)
    event = event_types()[envelope.type].from_json(record.value)

    assert record.key.decode() == str(event.key) == envelope.partitionkey


def test_records_come_oldest_revision_first(tmp_path: Path) -> None:
    for name in ("10-late", "2-b", "2-a", "1-early"):
        write_sample(tmp_path, f"{name}.json", '{"headers": {}, "key": "k", "data": {}}')

    assert [(record.revision, record.name) for record in golden_records("io.peerloom.test.v1", tmp_path)] == [
        (1, "early"), (2, "a"), (2, "b"), (10, "late"),
    ]  # fmt: skip


def test_an_unknown_type_has_no_records() -> None:
    assert list(golden_records("io.peerloom.nobody.ever.said.v1")) == []


@pytest.mark.parametrize("name", ["first.json", "0-zero.json", "1.json", "1-With-Capitals.json", "1-under_score.json"])
def test_a_misnamed_sample_is_refused(tmp_path: Path, name: str) -> None:
    file = write_sample(tmp_path, name, '{"headers": {}, "key": "k", "data": {}}')

    with pytest.raises(MalformedSample, match="file name"):
        GoldenRecord.read(file, tmp_path)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", '{"headers": {}, "key": "k"}', '{"headers": 1, "key": "", "data": 1}']
)
def test_a_file_that_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    file = write_sample(tmp_path, "1-odd.json", text)

    with pytest.raises(MalformedSample, match="headers, key and data"):
        GoldenRecord.read(file, tmp_path)


def write_sample(root: Path, name: str, text: str) -> Path:
    file = root / "samples" / "test.v1" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file
