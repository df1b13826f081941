"""What a broker answers, asked in Kafka's own protocol: enough to know that it is ready, without a client library."""

from __future__ import annotations

import contextlib
import io
import socket
import struct
from dataclasses import dataclass, field

METADATA, FIND_COORDINATOR = 3, 10


@dataclass
class View:
    """What one broker knows: the brokers of the cluster, and how many partitions lack a live replica in sync."""

    brokers: set[int] = field(default_factory=set)
    behind: int = 0


def ask(port: int, api: int, version: int, body: bytes) -> io.BytesIO:
    """One request to the broker at `port`; the answer's body, empty while nobody answers within two seconds."""
    request = struct.pack(">hhih5s", api, version, 1, 5, b"ready") + body
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as link, link.makefile("rb") as answer:
            link.sendall(struct.pack(">i", len(request)) + request)
            return io.BytesIO(answer.read(struct.unpack(">i", answer.read(4))[0])[4:])
    except (OSError, struct.error):
        return io.BytesIO()


def view(port: int) -> View:
    """The broker's answer to a Metadata request (version 7); nothing known while it does not answer.

    A KRaft broker serves no request before the controller has let it in: an answer means that it is ready.
    """
    answer = ask(port, METADATA, 7, struct.pack(">ib", -1, 0))

    def take(form: str) -> tuple[int, ...]:
        return struct.unpack(">" + form, answer.read(struct.calcsize(">" + form)))

    def skip_text() -> None:
        answer.read(max(take("h")[0], 0))

    def numbers() -> set[int]:
        return set(take(f"{take('i')[0]}i"))

    found = View()
    with contextlib.suppress(struct.error):
        take("i")  # throttle time
        for _ in range(take("i")[0]):
            found.brokers |= set(take("i"))
            skip_text()  # host
            take("i")  # port
            skip_text()  # rack
        skip_text()  # cluster id
        take("i")  # controller
        for _ in range(take("i")[0]):
            take("h")  # error
            skip_text()  # topic
            take("b")  # whether internal
            for _ in range(take("i")[0]):
                take("hiii")  # error, partition, leader, its epoch
                replicas, in_sync, _offline = numbers(), numbers(), numbers()
                found.behind += bool(replicas & found.brokers - in_sync)
    return found


def groups_work(port: int) -> bool:
    """Whether a group coordinator answers (FindCoordinator version 0); asking makes Kafka create the offsets' topic.

    Without it the first consumer of a new cluster meets, and logs, GroupCoordinatorNotAvailable.
    """
    return ask(port, FIND_COORDINATOR, 0, struct.pack(">h5s", 5, b"ready")).read(2) == b"\0\0"
