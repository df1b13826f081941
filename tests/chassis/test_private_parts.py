"""What the chassis uses of its libraries that is private to them. A new version that changes such a thing fails here, with a
sentence, and not in production; pyproject.toml keeps the versions out that nobody has tried.
"""

import inspect
import tomllib
from importlib.metadata import version
from pathlib import Path
from uuid import UUID

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder
from asyncpg.pgproto import pgproto
from packaging.requirements import Requirement

from peerloom_service import kafka_client
from peerloom_service.identifiers import id_from, new_id

LIBRARIES = ("aiokafka", "asyncpg", "fastapi")
PYPROJECT = Path(kafka_client.__file__).parents[1] / "pyproject.toml"


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_whose_private_parts_are_used_has_an_upper_bound(library: str) -> None:
    wanted = {one.name: one for one in map(Requirement, tomllib.loads(PYPROJECT.read_text())["project"]["dependencies"])}

    assert any(part.operator == "<" for part in wanted[library].specifier), f"{library} has no upper bound in {PYPROJECT}"
    assert version(library) in wanted[library].specifier, f"{library} {version(library)} has not been tried: see {__file__}"


async def test_a_consumers_connections_can_be_closed_without_stopping_it() -> None:
    client = AIOKafkaConsumer(bootstrap_servers="127.0.0.1:9")

    assert inspect.iscoroutinefunction(getattr(getattr(client, "_client", None), "close", None)), (
        "AIOKafkaConsumer._client.close is no longer there: kafka_client.close_connections needs another way"
    )
    await client.stop()


async def test_a_producer_can_be_abandoned() -> None:
    producer = AIOKafkaProducer(bootstrap_servers="127.0.0.1:9")

    assert hasattr(getattr(producer, "_sender", None), "sender_task"), (
        "AIOKafkaProducer._sender.sender_task is no longer there: kafka_client.abandon cannot end what a broken producer sends"
    )
    assert hasattr(producer, "_closed"), "AIOKafkaProducer._closed is no longer there: kafka_client.abandon has to say it ended"
    await kafka_client.abandon(producer)
    assert producer._closed


def test_a_prepared_batch_has_what_the_producer_asks_of_a_builder() -> None:
    for name in ("record_count", "closed", "close", "_set_producer_state", "_build"):
        theirs, ours = getattr(BatchBuilder, name, None), getattr(kafka_client.PreparedBatch, name)
        assert theirs is not None, (
            f"aiokafka's BatchBuilder has no {name} any more: kafka_client.PreparedBatch stands in for it"
        )
        assert list(inspect.signature(theirs).parameters) == list(inspect.signature(ours).parameters), (
            f"aiokafka's BatchBuilder.{name} takes other arguments now: kafka_client.PreparedBatch stands in for it"
        )
    public = {name for name in vars(BatchBuilder) if not name.startswith("__")}
    assert public == {
        "append", "close", "closed", "record_count", "size", "_build", "_serialize", "_set_producer_state",
    }, "aiokafka's BatchBuilder has other methods now: look at who calls them, and at kafka_client.PreparedBatch"  # fmt: skip


def test_the_drivers_uuid_is_a_uuid_made_of_text_and_of_bytes() -> None:
    id_ = new_id()

    assert issubclass(pgproto.UUID, UUID), "asyncpg's UUID is no uuid.UUID any more: identifiers.id_from has to make another"
    for made in (id_from(str(id_)), id_from(id_.bytes)):
        assert made == UUID(str(id_))
        assert hash(made) == hash(UUID(str(id_)))
    with pytest.raises(ValueError, match="invalid UUID"):
        id_from("first")
