"""Compares figures with those of an older build, in one run on one machine.

The older build gets a worktree and an environment of its own under `build/older/`, made once for each commit and kept. Its own
benchmark measures it, in turn with ours, so what slows the machine for a while slows both. A ratio above 1 means that this
build is better.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.figures import Figure, Measured
from tests.benchmarks.processes import ROOT, MeasurementFailed

_ENVIRONMENT: Final = f".venv-{sys.version_info.major}.{sys.version_info.minor}"
_FOLDERS: Final = ("tests/benchmarks", "tests/bench")
"""Where benchmarks stand, and where they stood."""

WORST: Final = Figure(
    "house_vs_old_min",
    "ratio",
    "at_least",
    0.95,
    "Of all figures measured, the one that changed most for the worse against the older build, as a ratio of medians.",
)

Rounds = Sequence[Mapping[str, float]]
"""What each round measured, by key."""


@dataclass(frozen=True)
class Build:
    """A checkout with its environment."""

    folder: Path
    python: Path

    @classmethod
    def this(cls) -> Build:
        """The one that runs."""
        return cls(ROOT, Path(sys.executable))

    @classmethod
    def of(cls, commit: str) -> Build:
        """That of a commit; makes its worktree, its environment and its kernels if they are not there yet.

        Raises: MeasurementFailed when git does not know the commit, or its environment cannot be made.
        """
        sha = _run("git", "rev-parse", "--verify", f"{commit}^{{commit}}", folder=ROOT).strip()
        folder = ROOT / "build" / "older" / sha[:12]
        if not folder.exists():
            _run("git", "worktree", "prune", folder=ROOT)
            _run("git", "worktree", "add", "--force", "--detach", str(folder), sha, folder=ROOT)
        python = Path(sys.base_prefix) / "bin" / Path(_ENVIRONMENT.replace(".venv-", "python")).name
        _run("make", f"PYTHON={python}", f"{_ENVIRONMENT}/dev", f"{_ENVIRONMENT}/warm", folder=folder)
        return cls(folder, folder / _ENVIRONMENT / "bin" / "python")

    def measure(self, part: str, arguments: Iterable[str]) -> dict[str, float]:
        """What the build's own benchmark prints, by key; figures it has no value for are missing.

        `part`: the module below the benchmarks, "" for all of them.
        """
        home = next(folder for folder in _FOLDERS if (self.folder / folder).is_dir())
        module = ".".join((*Path(home).parts, *filter(None, (part,))))
        # 1 is the exit code of a figure that misses its bar, which is no concern here.
        printed = _run(str(self.python), "-m", module, *arguments, folder=self.folder, allowed=(0, 1))
        lines = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
        return {line["key"]: line["value"] for line in lines if line["value"] is not None}


def compare(part: str, commit: str, figures: Mapping[str, Figure], keys: Sequence[str], rounds: int) -> int:
    """Measure both builds in turn and print a line for every figure and one for the worst; 1 when that misses its bar."""
    older, this = Build.of(commit), Build.this()
    before: list[dict[str, float]] = []
    now: list[dict[str, float]] = []
    for number in range(rounds):
        turns = [(older, before, [*keys]), (this, now, [*keys, "--print-only"])]
        for build, seen, arguments in turns if number % 2 == 0 else reversed(turns):
            seen.append(build.measure(part, arguments))
    lines = list(ratios(figures, keys, before, now))
    for line in lines:
        print(json.dumps(line, ensure_ascii=False), flush=True)
    known = [line for line in lines if line["ratio"] is not None]
    worst = min(known, key=lambda line: float(line["ratio"]), default=None)
    how = f"{worst['key']} of {len(known)} figures, {rounds} rounds in turn with {commit}" if worst else "nothing was measured"
    measured = Measured(WORST.key, worst["ratio"] if worst else None, how)
    print(json.dumps(measured.line(WORST), ensure_ascii=False), flush=True)
    return 0 if len(known) == len(keys) and WORST.ok(measured.value) else 1


def ratios(figures: Mapping[str, Figure], keys: Iterable[str], before: Rounds, now: Rounds) -> Iterable[dict[str, Any]]:
    """For every figure both medians, and their ratio so that more is better; None where one of the two has no value."""
    for key in keys:
        old, new = ([seen[key] for seen in rounds if key in seen] for rounds in (before, now))
        better = None
        if old and new:
            ours, theirs = statistics.median(new), statistics.median(old)
            better = ours / theirs if figures[key].better == "at_least" else theirs / ours
        yield {"key": key, "ratio": None if better is None else float(f"{better:.4g}"), "now": new, "before": old}


def _run(*command: str, folder: Path, allowed: Sequence[int] = (0,)) -> str:
    """The standard output of a command; what else it says goes to ours."""
    foreign = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "FIGURES", "BASE", "PYTHONPATH", "VIRTUAL_ENV"}
    environment = {name: value for name, value in os.environ.items() if name not in foreign}
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in allowed:
        raise MeasurementFailed(f"`{' '.join(command)}` in {folder} ended with code {done.returncode}.")
    return done.stdout
