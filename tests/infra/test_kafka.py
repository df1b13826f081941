"""Apache Kafka from Maven's jars: real durability, real failures, and no broker that outlives its owner."""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError as ClientError

from peerloom_kafka import KafkaCluster, KafkaError, available, jars

from .helpers import eventually, processes_about, running

needs_kafka = pytest.mark.skipif(available() is not None, reason=str(available()))


@pytest.fixture(scope="module")
def three_brokers() -> Iterator[KafkaCluster]:
    with KafkaCluster.start(brokers=3) as cluster:
        yield cluster


async def create_topic(bootstrap: str, name: str) -> None:
    """One partition, copies as the cluster's defaults say."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        answer = await admin.create_topics([NewTopic(name, 1, -1, replica_assignments={})])
        assert [error for _, error, _ in answer.topic_errors] == [0]
    finally:
        await admin.close()


async def everything_in(bootstrap: str, topic: str) -> list[bytes | None]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        end = (await consumer.end_offsets([partition]))[partition]
        return [(await asyncio.wait_for(consumer.getone(), 30)).value for _ in range(end)]
    finally:
        await consumer.stop()


@needs_kafka
async def test_one_broker_carries_records_to_a_group_and_keeps_them_over_a_restart(tmp_path: Path) -> None:
    with await asyncio.to_thread(KafkaCluster.start, directory=tmp_path / "cluster") as cluster:
        await create_topic(cluster.bootstrap, "greetings")

        async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap, enable_idempotence=True) as producer:
            await producer.send_and_wait("greetings", b"hello", key=b"someone")
        async with AIOKafkaConsumer(
            "greetings", bootstrap_servers=cluster.bootstrap, group_id="g", auto_offset_reset="earliest"
        ) as consumer:
            record = await asyncio.wait_for(consumer.getone(), 60)

        assert (record.key, record.value) == (b"someone", b"hello")
        await asyncio.to_thread(cluster.stop)
        found_again = KafkaCluster.load(cluster.directory)
        assert found_again.status() == {1: "stopped"}

        await asyncio.to_thread(found_again.restart, 1)

        assert await everything_in(found_again.bootstrap, "greetings") == [b"hello"]
        with pytest.raises(KafkaError, match="already holds a cluster"):
            KafkaCluster.start(directory=cluster.directory)
        await asyncio.to_thread(found_again.stop, wipe=True)
    assert not cluster.directory.exists()
    assert not processes_about(cluster.directory)


@needs_kafka
async def test_killing_the_leader_of_three_loses_and_repeats_nothing_that_was_acknowledged(three_brokers: KafkaCluster) -> None:
    await create_topic(three_brokers.bootstrap, "facts")
    acknowledged: list[bytes] = []
    async with AIOKafkaProducer(bootstrap_servers=three_brokers.bootstrap, enable_idempotence=True) as producer:
        for i in range(400):
            if i == 200:
                leader = await leader_of("facts", three_brokers.bootstrap)
                await asyncio.to_thread(three_brokers.kill, leader)
                assert three_brokers.status()[leader] == "stopped"
            fact = f"fact {i}".encode()
            await asyncio.wait_for(producer.send_and_wait("facts", fact), 60)
            acknowledged.append(fact)

    assert await everything_in(three_brokers.bootstrap, "facts") == acknowledged
    await asyncio.to_thread(three_brokers.restart, leader)
    assert set(three_brokers.status().values()) == {"ready"}


@needs_kafka
async def test_a_frozen_broker_is_replaced_and_comes_back_when_thawed(three_brokers: KafkaCluster) -> None:
    await create_topic(three_brokers.bootstrap, "waits")
    leader = await leader_of("waits", three_brokers.bootstrap)

    three_brokers.freeze(leader)

    assert three_brokers.status()[leader] == "frozen"
    others = ",".join(f"127.0.0.1:{each.port}" for each in three_brokers.brokers if each.number != leader)
    for _ in range(300):
        if await leader_of("waits", others) not in (leader, -1):
            break
        await asyncio.sleep(0.1)
    else:
        pytest.fail("no other broker has taken over")
    three_brokers.thaw(leader)
    assert await asyncio.to_thread(eventually, lambda: set(three_brokers.status().values()) == {"ready"}, 30)


async def leader_of(topic: str, bootstrap: str) -> int:
    """The number of the broker that leads partition 0; -1 while there is none."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=1000)
    await admin.start()
    try:
        (described,) = await admin.describe_topics([topic])
        leader: int = described["partitions"][0]["leader"]
    except ClientError:  # asked a broker that is gone; the client does not try another by itself
        return -1
    else:
        return leader
    finally:
        await admin.close()


@needs_kafka
def test_a_broker_ends_with_the_process_that_owns_it_even_when_it_is_killed() -> None:
    code = """
import time
from peerloom_kafka import KafkaCluster
cluster = KafkaCluster.start(1)
cluster.freeze(1)
print(cluster.directory, flush=True)
time.sleep(60)
"""
    with running(code) as owner:
        assert owner.stdout
        directory = Path(owner.stdout.readline().strip())
        assert len([line for line in processes_about(directory) if "kafka.Kafka" in line]) == 1

        owner.send_signal(signal.SIGKILL)

        assert eventually(lambda: not processes_about(directory) and not directory.exists())


def test_without_a_new_enough_java_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "java"
    old.write_text("""#!/bin/sh\necho 'openjdk version "11.0.2" 2019-01-15' >&2\n""")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    sentences = []
    for path in (tmp_path / "empty", tmp_path):
        monkeypatch.setenv("PATH", str(path))
        jars.java.cache_clear()
        sentences.append(available())
        old.chmod(0o755)
    jars.java.cache_clear()

    assert sentences[0] == "Java is not installed; install a JDK 17 or newer (Debian: apt-get install openjdk-17-jre-headless)."
    assert sentences[1] is not None
    assert '"11.0.2"' in sentences[1]


def test_without_maven_one_sentence_says_so_unless_the_jars_are_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    java = tmp_path / "java"
    java.write_text("""#!/bin/sh\necho 'openjdk version "21.0.2" 2024-01-16' >&2\n""")
    java.chmod(0o755)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    jars.java.cache_clear()

    without = available()
    (jars.cache() / "jars").mkdir(parents=True)
    with_jars = available()
    jars.java.cache_clear()

    assert without is not None
    assert without.startswith("Maven (mvn) is not installed")
    assert with_jars is None
