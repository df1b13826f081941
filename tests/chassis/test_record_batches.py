"""What the relay joins of encoded parts is what aiokafka reads, and what aiokafka's own builder would have written."""

from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given
from hypothesis import strategies as st

from peerloom_service.publishing.record_batch import RecordBatch, encoded_headers, varint

_PRODUCER = (4711, 3, 17)
_MANY = 1_000_000

_headers = st.lists(st.tuples(st.text(max_size=200), st.binary(max_size=9000)), max_size=12)
_records = st.lists(
    st.tuples(st.none() | st.binary(max_size=300), st.none() | st.binary(max_size=20_000), _headers), min_size=1
)


@given(_records)
def test_a_batch_is_read_as_it_was_written_and_as_aiokafka_writes_it(records: list) -> None:
    batch = RecordBatch(_MANY)
    for key, value, headers in records:
        assert batch.add(key, value, encoded_headers(headers))
    written = bytes(batch.build(_PRODUCER))

    read = MemoryRecords(written).next_batch()
    assert read.validate_crc()
    assert (read.producer_id, read.producer_epoch, read.base_sequence) == _PRODUCER
    assert [(one.offset, one.key, one.value, list(one.headers)) for one in MemoryRecords(written).next_batch()] == [
        (offset, *record) for offset, record in enumerate(records)
    ]
    theirs = DefaultRecordBatchBuilder(2, 0, 0, *_PRODUCER, _MANY)
    for offset, (key, value, headers) in enumerate(records):
        theirs.append(offset, read.first_timestamp, key, value, headers)
    assert written == bytes(theirs.build())


def test_a_full_batch_takes_no_more_and_an_empty_one_takes_any_size() -> None:
    batch = RecordBatch(1000)

    assert batch.add(b"key", b"x" * 5000, encoded_headers([]))
    assert not batch.add(b"key", b"x", encoded_headers([]))
    assert batch.count() == 1


def test_a_batch_that_is_sent_again_is_the_same() -> None:
    batch = RecordBatch(1000)
    batch.add(b"key", b"value", encoded_headers([]))

    assert batch.build() is batch.build()


def test_numbers_too_long_for_the_table_are_encoded_like_the_others() -> None:
    assert [varint(number) for number in (0, 63, 64, 4095, 4096, 900_000)] == [
        b"\x00", b"\x7e", b"\x80\x01", b"\xfe\x3f", b"\x80\x40", b"\xc0\xee\x6d"
    ]  # fmt: skip
