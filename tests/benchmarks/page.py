"""A page of figures as they were last measured, what each means, and how to measure it again."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import psutil

from tests.benchmarks.figures import Figure, Measured
from tests.benchmarks.processes import ROOT

KEPT: Final = ROOT / "build" / "bench"


@dataclass(frozen=True)
class Page:
    """Where the figures of a benchmark are written and what stands above them.

    `libraries`: whose versions matter to the figures. `command`: what measures them; with a key behind it, that one.
    """

    file: Path
    introduction: str
    figures: Mapping[str, Figure]
    libraries: tuple[str, ...]
    command: str

    def keep(self, measured: Measured, where: str) -> None:
        """Remember a figure, so that the page can be written from figures measured one by one."""
        KEPT.mkdir(parents=True, exist_ok=True)
        about = {"measured_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "commit": self._commit(), "parts": where}
        kept = {**asdict(measured), **about, "machine": machine(), "versions": self._versions()}
        (KEPT / f"{measured.key}.json").write_text(json.dumps(kept, indent=1))

    def write(self) -> None:
        """Write the page from what is kept."""
        kept = {key: json.loads((KEPT / f"{key}.json").read_text()) for key in self.figures if (KEPT / f"{key}.json").exists()}
        lines = [self.introduction, *self._table(kept), "", *_measured_on(kept), *self._sections(kept)]
        self.file.write_text("\n".join(lines).rstrip() + "\n")

    def _versions(self) -> str:
        return f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in self.libraries)

    def _commit(self) -> str:
        """Short hash of what is checked out, with a plus where files differ from it."""
        changed = _git("status", "--porcelain", "-uno", "--", ".", f":!{self.file.relative_to(ROOT)}")
        return _git("rev-parse", "--short", "HEAD") + ("+" if changed else "")

    def _table(self, kept: dict[str, dict[str, Any]]) -> list[str]:
        lines = ["| figure | value | bar | met | measured | commit |", "|---|---|---|---|---|---|"]
        for key, one in kept.items():
            figure, value = self.figures[key], one["value"]
            shown = "none" if value is None else f"{figure.shown(value):,} {figure.unit}".removesuffix(" ratio")
            bar = figure.bar_text + (f" (stretch {figure.stretch_text})" if figure.stretch_text else "")
            lines.append(
                f"| [`{key}`](#{key}) | {shown} | {bar} | {figure.met(value)} | {one['measured_at']} | {one['commit']} |"
            )
        return lines

    def _sections(self, kept: dict[str, dict[str, Any]]) -> list[str]:
        lines: list[str] = []
        for key, one in kept.items():
            lines += [f"## {key}", "", self.figures[key].meaning, "", f"This run: {one['how']}.", ""]
            block = False
            for detail in one["details"]:
                fence = detail == "```"
                lines += (
                    ["", detail] if fence and not block else [detail, ""] if fence else [detail if block else f"- {detail}"]
                )
                block ^= fence
            lines += [*([""] if one["details"] else []), f"Again: `{self.command} {key}`", ""]
        return lines


def machine() -> str:
    """Where this runs."""
    memory = psutil.virtual_memory().total / 2**30
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    return f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB of memory, {system}"


def _processor() -> str:
    """What the machine calls its processor."""
    path = Path("/proc/cpuinfo")
    named = re.search(r"^model name\s*: (.+)$", path.read_text(), re.MULTILINE) if path.exists() else None
    return named[1] if named else platform.processor() or platform.machine()


def _git(*command: str) -> str:
    return subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def _measured_on(kept: dict[str, dict[str, Any]]) -> list[str]:
    """What it was measured on; once, where that was the same for all."""
    lines = ["## Measured on", ""]
    for name in ("machine", "versions", "parts"):
        lines += [f"- {text}" for text in dict.fromkeys(one[name] for one in kept.values()) if text]
    return [*lines, ""]
