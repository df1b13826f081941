"""demo_job_s, demo_cold_s: `make demo` from a fresh clone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.benchmarks.figures import Measured
from tests.benchmarks.processes import ROOT, MeasurementFailed

KEYS = ("demo_job_s", "demo_cold_s")

_WITHIN_SECONDS: Final = 900


def measure(wanted: Sequence[str]) -> list[Measured]:
    """Clone what is committed, make the demo there, once.

    Raises: MeasurementFailed with the end of what the demo printed.
    """
    with tempfile.TemporaryDirectory(prefix="peerloom-bench.") as folder:
        Path(folder).chmod(0o755)  # as people's own folders are: PostgreSQL may run as somebody else
        clone = Path(folder) / "peerloom"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        commit = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=clone, check=True, capture_output=True, text=True
        ).stdout.strip()
        began = time.perf_counter()
        made = subprocess.run(
            ["make", "demo", f"PYTHON={sys._base_executable}"],  # type: ignore[attr-defined]
            cwd=clone,
            env=_as_a_newcomer(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_WITHIN_SECONDS,
            check=False,
        )
        seconds = time.perf_counter() - began
        if made.returncode:
            print(made.stdout, file=sys.stderr)
            said = [line for line in made.stdout.splitlines() if line.strip() and not line.startswith("make")]
            raise MeasurementFailed(f"make demo ended with {made.returncode}: {said[-1] if said else 'it said nothing'}")
        report = json.loads((clone / "build" / "demo" / "report.json").read_text())
    steps = ", ".join(f"{name} {took:g} s" for name, took in report["seconds"].items())
    people = f"{report['people_registered']:,} people, {report['people_matched']:,} of them matched"
    measured = {
        "demo_job_s": Measured("demo_job_s", report["job_seconds"], f"the demo's own report: {people}", [steps]),
        "demo_cold_s": Measured("demo_cold_s", seconds, f"wall time of `make demo` in a clone of {commit}"),
    }
    return [measured[key] for key in wanted]


def _as_a_newcomer() -> dict[str, str]:
    """The environment without what this project or its virtual environment has set."""
    own = ("PEERLOOM_", "VIRTUAL_ENV", "PYTHONPATH", "MAKE", "MFLAGS")
    return {name: value for name, value in os.environ.items() if not name.startswith(own)}
