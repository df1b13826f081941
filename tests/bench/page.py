"""docs/benchmarks.md: the figures as they were last measured, what each means, and how to measure it again."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import psutil

from tests.bench.figures import FIGURES, Measured
from tests.bench.processes import ROOT

PAGE: Final = ROOT / "docs" / "benchmarks.md"
KEPT: Final = ROOT / "build" / "bench"
_LIBRARIES: Final = (
    "aiokafka", "asyncpg", "fastapi", "httptools", "orjson", "pydantic", "PyJWT", "SQLAlchemy", "sqlmodel", "starlette",
    "uvicorn", "uvloop",
)  # fmt: skip
_INTRODUCTION: Final = """\
# Benchmarks

Written by `make bench`; do not edit. Every figure is one run on one machine, on real parts, with each service in its own
process. Ratios are taken against something that ran in the same minute on the same machine, in interleaved rounds, so that
they say more about the code than about the machine; times and rates are this machine's own.
"""


def keep(measured: Measured, parts: str) -> None:
    """Remember a figure, so that the page can be written from figures measured one by one."""
    KEPT.mkdir(parents=True, exist_ok=True)
    about = {"measured_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "commit": _commit(), "parts": parts, **machine()}
    (KEPT / f"{measured.key}.json").write_text(json.dumps({**asdict(measured), **about}, indent=1))


def write() -> None:
    """Write the page from what is kept."""
    kept = {key: json.loads((KEPT / f"{key}.json").read_text()) for key in FIGURES if (KEPT / f"{key}.json").exists()}
    PAGE.write_text("\n".join([_INTRODUCTION, *_table(kept), "", *_surroundings(kept), *_sections(kept)]).rstrip() + "\n")


def machine() -> dict[str, Any]:
    """Where this runs and on what."""
    return {
        "machine": f"{_processor()}, {os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB of memory, "
        f"{platform.system()} {platform.release().split('-')[0]}",
        "versions": f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in _LIBRARIES),
    }


def _processor() -> str:
    """What the machine calls its processor."""
    path = Path("/proc/cpuinfo")
    named = re.search(r"^model name\s*: (.+)$", path.read_text(), re.MULTILINE) if path.exists() else None
    return named[1] if named else platform.processor() or platform.machine()


def _commit() -> str:
    """Short hash of what is checked out, with a plus where files differ from it."""
    changed = _git("status", "--porcelain", "-uno", "--", ".", f":!{PAGE.relative_to(ROOT)}")
    return _git("rev-parse", "--short", "HEAD") + ("+" if changed else "")


def _git(*command: str) -> str:
    return subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def _table(kept: dict[str, dict[str, Any]]) -> list[str]:
    lines = ["| figure | value | bar | met | measured | commit |", "|---|---|---|---|---|---|"]
    for key, one in kept.items():
        figure, value = FIGURES[key], one["value"]
        met = "yes" if figure.ok(value) else "**no**"
        shown = "none" if value is None else f"{float(f'{value:.4g}'):,g} {figure.unit}".removesuffix(" ratio")
        lines.append(f"| [`{key}`](#{key}) | {shown} | {figure.bar_text} | {met} | {one['measured_at']} | {one['commit']} |")
    return lines


def _surroundings(kept: dict[str, dict[str, Any]]) -> list[str]:
    """What it was measured on; once, where that was the same for all."""
    lines = ["## Measured on", ""]
    for name in ("machine", "versions", "parts"):
        lines += [f"- {text}" for text in dict.fromkeys(one[name] for one in kept.values()) if text]
    return [*lines, ""]


def _sections(kept: dict[str, dict[str, Any]]) -> list[str]:
    lines: list[str] = []
    for key, one in kept.items():
        lines += [f"## {key}", "", FIGURES[key].meaning, "", f"This run: {one['how']}.", ""]
        block = False
        for detail in one["details"]:
            fence = detail == "```"
            lines += ["", detail] if fence and not block else [detail, ""] if fence else [detail if block else f"- {detail}"]
            block ^= fence
        lines += [*([""] if one["details"] else []), f"Again: `python -m tests.bench {key}`", ""]
    return lines
