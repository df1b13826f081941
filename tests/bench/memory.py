"""What memory the processes of a stack use, sampled while they work."""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from collections.abc import Iterator

import psutil

from peerloom_local.stack import Stack

_EVERY_SECONDS = 1.0  # looking at all of them takes a tenth of a second of a processor they need
_MEGABYTE = 1_000_000


class Memory:
    """The most memory each process of a stack was seen with, in MB, by name.

    The stack's own processes and their children count with their resident memory. Each backend of PostgreSQL maps the same
    shared buffers, which would be counted again in every one of them, so it counts with what only it has (USS). The broker is
    not among them: its heap is a setting of its own.
    """

    def __init__(self, stack: Stack) -> None:
        self._own = {name: process.pid for name, process in stack.processes.items()}
        self._databases = {address.rpartition("/")[2]: name for name, address in stack.databases.items()}
        self._end = threading.Event()
        self.most: dict[str, float] = defaultdict(float)

    @contextlib.contextmanager
    def sampled(self) -> Iterator[None]:
        """While this is open."""
        sampler = threading.Thread(target=self._sample, daemon=True)
        sampler.start()
        try:
            yield
        finally:
            self._end.set()
            sampler.join()

    def _sample(self) -> None:
        while not self._end.wait(_EVERY_SECONDS):
            for name, process in self._processes():
                with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                    self.most[name] = max(self.most[name], _used(name, process) / _MEGABYTE)

    def _processes(self) -> Iterator[tuple[str, psutil.Process]]:
        for name, pid in self._own.items():
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                yield name, process
                for child in process.children(recursive=True):
                    yield f"a child of {name}", child
        for process in psutil.process_iter(["cmdline"]):
            title = " ".join(process.info["cmdline"] or ())
            if title.startswith("postgres: "):
                for database, name in self._databases.items():
                    if f" {database} " in title:
                        yield f"PostgreSQL backend of {name}", process


def _used(name: str, process: psutil.Process) -> int:
    if name.startswith("PostgreSQL"):
        return int(process.memory_full_info().uss)
    return int(process.memory_info().rss)
