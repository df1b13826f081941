"""The most memory the processes of a stack have used."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psutil

from peerloom_dev.stack import Stack

_MEGABYTE = 1_000_000


def most_memory(stack: Stack) -> dict[str, float]:
    """In MB, by name, as the kernel has kept it since each process began: nobody has to look while they work.

    The stack's own processes and their children count with their peak of resident memory. Backends of PostgreSQL count with
    what only they have now (USS): each maps the same shared buffers, which would be counted again in every one of them. The
    broker is not among them: its heap is a setting of its own.
    """
    most: dict[str, float] = {}
    for name, process in _processes(stack):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            used = process.memory_full_info().uss if name.startswith("PostgreSQL") else _peak(process.pid)
            most[name] = max(most.get(name, 0.0), used / _MEGABYTE)
    return most


def _processes(stack: Stack) -> Iterator[tuple[str, psutil.Process]]:
    for name, recorded in stack.processes.items():
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(recorded.pid)
            yield name, process
            for child in process.children(recursive=True):
                yield f"a child of {name}", child
    databases = {address.rpartition("/")[2]: name for name, address in stack.databases.items()}
    for process in psutil.process_iter(["cmdline"]):
        title = " ".join(process.info["cmdline"] or ())
        if title.startswith("postgres: "):
            for database, name in databases.items():
                if f" {database} " in title:
                    yield f"PostgreSQL backend of {name}", process


def _peak(pid: int) -> int:
    """Linux's VmHWM, in bytes. Raises: psutil.NoSuchProcess."""
    try:
        with Path(f"/proc/{pid}/status").open() as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    except (FileNotFoundError, ProcessLookupError, StopIteration) as error:
        raise psutil.NoSuchProcess(pid) from error
