"""Programs that are run, killed and looked for."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from peerloom_dev.stack import BASE_PORT, KAFKA_OFFSET, POSTGRES_OFFSET
from peerloom_kafka.ports import CANDIDATES, port_is_free
from peerloom_service.manifest import Manifest

STAND_IN = Manifest(name="stand_in", description="Nothing is behind it.", port=BASE_PORT + 1)
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)]),
}


def free_base_port() -> int:
    """A base port with which a stack of one service finds all its ports free."""
    offsets = (0, STAND_IN.port - BASE_PORT, POSTGRES_OFFSET, KAFKA_OFFSET)
    bases = random.sample(range(CANDIDATES.start, CANDIDATES.stop - 100), 100)
    return next(base for base in bases if all(port_is_free(base + offset) for offset in offsets))


@contextmanager
def running(code: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A Python program of these lines; killed at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**ENVIRONMENT, **environment},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def peerloom(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What `python -m peerloom_dev` says, and its exit code."""
    command = [sys.executable, "-m", "peerloom_dev", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False, timeout=60)


def processes_about(text: str | Path) -> list[str]:
    """The command lines, with their environment where we may read it, of the running processes that mention `text`."""
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        if directory.name == str(os.getpid()):
            continue
        try:
            words = (directory / "cmdline").read_bytes() + (directory / "environ").read_bytes()
        except OSError:
            continue  # it has ended, or is another user's
        if str(text).encode() in words:
            found.append((directory / "cmdline").read_text().replace("\0", " "))
    return found


def eventually(condition: Callable[[], object], seconds: float = 10) -> bool:
    """Whether it becomes true in time; on a machine that is too busy to look every 20 ms, time is longer."""
    every = 0.02
    for _ in range(round(seconds / every)):
        if condition():
            return True
        time.sleep(every)
    return bool(condition())
