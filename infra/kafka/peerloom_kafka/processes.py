"""Processes that can always be found again, and only they: known by id and start time before they begin to run.

A process id alone may be given to another process after the first has ended. And a starter that is killed between
"started" and "written down" would leave a process nobody knows. So `spawn` holds the new process at a gate until its
identity has been recorded; when the starter dies first, the gate opens to nothing and the process ends.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

GATE = 'read -r go && exec "$@" </dev/null'
AFTER_OWNER = 'cat >/dev/null; exec "$@" </dev/null'  # cat ends when the last writer of its input is gone


@dataclass(frozen=True)
class Process:
    """A process for certain: `started` is its start time in the words of this system, to be compared, not read."""

    pid: int
    started: str
    ends_with: int = field(default=signal.SIGTERM, compare=False)  # the signal that asks it to end

    @property
    def runs(self) -> bool:
        """Whether it still runs (a frozen process does, a zombie does not)."""
        child = SPAWNED_HERE.get(self)
        return child.poll() is None if child else start_time(self.pid) == self.started

    @property
    def exit_code(self) -> int | None:
        """Its exit code, if it has ended and this process is its parent; negative: ended by that signal."""
        child = SPAWNED_HERE.get(self)
        return child.poll() if child else None

    def send(self, number: int) -> None:
        """Send the signal, unless the process has ended."""
        if self.runs:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


SPAWNED_HERE: dict[Process, subprocess.Popen[bytes]] = {}  # children have to be waited for, or they stay as zombies


def start_time(pid: int) -> str | None:
    """When the process started, as text that differs for another process with the same id; None when there is none."""
    if sys.platform == "linux":
        try:
            stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        state, started = stat[0], stat[19]
    else:
        command = ["ps", "-o", "stat=", "-o", "lstart=", "-p", str(pid)]
        line = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        state, _, started = line.strip().partition(" ")
    return None if state.startswith(("Z", "X")) else started.strip() or None


def spawn(
    command: Iterable[str | Path],
    *,
    log: Path,
    record: Callable[[Process], None],
    environment: Mapping[str, str] | None = None,
    ends_with: int = signal.SIGTERM,
) -> Process:
    """Start `command` in a session of its own, its output appended to `log`; it runs only after `record` returned.

    Raises: OSError when there is no /bin/sh or no such directory; a missing program ends with code 126 or 127.
    """
    line = ["/bin/sh", "-c", GATE, "gate", *map(str, command)]
    with log.open("ab") as output:
        child = subprocess.Popen(
            line, stdin=subprocess.PIPE, stdout=output, stderr=output, env=environment, start_new_session=True
        )
    assert child.stdin is not None
    with child.stdin as gate:
        started = start_time(child.pid)
        assert started is not None, "it waits at the gate"
        process = Process(child.pid, started, ends_with)
        SPAWNED_HERE[process] = child
        record(process)
        with contextlib.suppress(BrokenPipeError):
            gate.write(b"go\n")
            gate.flush()
    return process


def stop(processes: Iterable[Process], grace: float) -> list[Process]:
    """Ask all to end; kill those that still run after `grace` seconds (0: at once). Returns those that were killed.

    What they started themselves, in the session that `spawn` gave them, is killed after them.
    """
    ours = [process for process in processes if start_time(process.pid) in (process.started, None)]
    left = [process for process in ours if process.runs]
    if grace > 0:
        for process in left:
            process.send(process.ends_with)
            process.send(signal.SIGCONT)  # a frozen process hears nothing else
        left = _wait_for_end(left, grace)
    for process in left:
        process.send(signal.SIGKILL)
    if survivors := _wait_for_end(left, 10):
        raise TimeoutError(f"processes {[process.pid for process in survivors]} do not end even when killed")
    for process in ours:
        # The id of a session is not given to another process while one of the session lives.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    return left


def _wait_for_end(processes: list[Process], seconds: float) -> list[Process]:
    deadline = time.monotonic() + seconds
    while (processes := [process for process in processes if process.runs]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return processes


class Tie:
    """Runs a command when this process ends in any way, SIGKILL included, unless the tie is cut before."""

    def __init__(self, command: Iterable[str | Path]) -> None:
        self._watcher = subprocess.Popen(
            ["/bin/sh", "-c", AFTER_OWNER, "tie", *map(str, command)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,
        )

    def cut(self) -> None:
        """Forget the command."""
        if self._watcher.poll() is None:
            os.killpg(self._watcher.pid, signal.SIGKILL)  # the group: the shell and its cat
        self._watcher.wait()
        if self._watcher.stdin:
            self._watcher.stdin.close()


def ended_with_this_process(process: Process, directory: Path) -> Tie:
    """A tie that stops `process` and removes `directory` after it; make it in `record`, before the process runs."""
    code = f"from {__name__} import end; import sys; end(*sys.argv[1:])"
    return Tie([sys.executable, "-c", code, str(process.pid), process.started, str(process.ends_with), directory])


def end(pid: str, started: str, ends_with: str, directory: str) -> None:
    """What `ended_with_this_process` runs, in a process of its own."""
    stop([Process(int(pid), started, int(ends_with))], grace=5)
    shutil.rmtree(directory, ignore_errors=True)
