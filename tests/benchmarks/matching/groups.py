"""The figures of the matching engine, measured in groups: each in a process of its own that measures itself."""

from __future__ import annotations

import asyncio
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.figures import Measured, spread
from tests.benchmarks.matching.clock import Lap
from tests.benchmarks.processes import ROOT, MeasurementFailed, contestant
from tests.benchmarks.report import Group

_LISTED: Final = 32
_LEAST_VALUE: Final = 0.9999
"""What an answer has to be worth of the exact one for their times to be compared."""

_WARM_UP: Final = 5_001
_FIRST_ANSWER: Final = """\
from matching_service.engine import Policy, match_population
from tests.benchmarks.company import company
match_population(company(500), Policy())
"""


@dataclass(frozen=True)
class Workplace:
    """Where companies are kept while they are measured, and what share of their full size they have."""

    folder: Path
    scale: float

    def company(self, people: int, most_seats: int = 1) -> str:
        """The file with a company of so many people."""
        file = self.folder / f"{people}-{most_seats}.npz"
        if not file.exists():
            task = {"people": people, "file": str(file), "most_seats": most_seats}
            asyncio.run(contestant("tests.benchmarks.matching.kept", task))
        return str(file)

    def scaled(self, people: int) -> int:
        return int(people * self.scale)

    def groups(self) -> list[Group]:
        """All there is to measure."""
        return [
            Group(("cold_start_s",), self._cold_start),
            Group(("complete10k_s", "complete10k_certified"), lambda keys: self._people(keys, 10_000, 1e-4, runs=5)),
            Group(("vs_rustworkx_5k",), lambda keys: self._rustworkx(keys, 5_000)),
            Group(("vs_rustworkx_10k",), lambda keys: self._rustworkx(keys, 10_000)),
            Group(
                ("complete100k_s", "complete100k_certified", "complete100k_matched", "complete100k_rss_mb"),
                lambda keys: self._people(keys, 100_000, 1e-3),
            ),
            Group(
                ("fast100k_s", "fast100k_certified"), lambda keys: self._people(keys, 100_000, 1e-3, fast=True, checked=False)
            ),
            Group(("capacity_s", "capacity_ratio"), self._seats),
            Group(
                ("seats100k_s", "seats100k_certified"),
                lambda keys: self._people(
                    keys, 100_000, 1e-3, most_seats=5, format_="junior-senior", options={"junior_up_to_level": 4}
                ),
            ),
            Group(
                ("million_s", "million_certified", "million_rss_mb"),
                lambda keys: self._people(keys, 1_000_000, 1e-2, checked=False),
            ),
        ]

    def _people(
        self,
        keys: Sequence[str],
        people: int,
        target_gap: float,
        *,
        fast: bool = False,
        runs: int = 1,
        checked: bool = True,
        most_seats: int = 1,
        format_: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> tuple[str, list[Measured]]:
        files = [self.company(size, most_seats) for size in (self.scaled(people), _WARM_UP)]
        task: dict[str, Any] = {"file": files[0], "warm_up": files[1], "target_gap": target_gap, "fast": fast, "runs": runs}
        task |= {"checked": checked, "format": format_, "options": options}
        seen = asyncio.run(contestant("tests.benchmarks.matching.people", task, within=1200.0))
        if seen["wrong"]:
            raise MeasurementFailed(f"void: the checker finds {len(seen['wrong'])} faults, first {seen['wrong'][0]}")
        laps = [Lap(**lap) for lap in seen["laps"]]
        values = {
            "s": statistics.median(lap.wall for lap in laps),
            "certified": seen["value"] / seen["upper_bound"],
            "matched": 2 * seen["pairs"] / (seen["matchable"] - seen["matchable"] % 2),
            "rss_mb": seen["rss_mb"],
        }
        how = f"{seen['people']:,} people, a process of its own, {_time(laps)}"
        found = (
            f"{seen['pairs']:,} pairs of {seen['matchable']:,} people who have a possible partner; worth {seen['value']:,}, "
            f"certified at most {seen['upper_bound']:,}"
        )
        memory = (
            f"peak resident memory {seen['rss_mb']:,.0f} MB, {seen['rss_before_mb']:,.0f} MB of it when matching began: "
            "interpreter, libraries, warmed-up kernels and the population"
        )
        details = [found, memory]
        if checked:
            details.append("checked afterwards by `checker.py`: every pair, everybody left out, and the prices of 100 people")
        return "", _measured({key: values[key.partition("_")[2]] for key in keys}, how, details)

    def _rustworkx(self, keys: Sequence[str], people: int) -> tuple[str, list[Measured]]:
        task = {"file": self.company(self.scaled(people)), "listed": _LISTED, "target_gap": 1e-4, "runs": 5}
        seen = asyncio.run(contestant("tests.benchmarks.matching.sparse", task, within=600.0))
        ours, exact = [Lap(**lap) for lap in seen["ours"]], Lap(**seen["rustworkx"])
        return "", [Measured(keys[0], *compared(seen, ours, exact))]

    def _seats(self, keys: Sequence[str]) -> tuple[str, list[Measured]]:
        task = {"people": self.scaled(100_000), "warm_up": 2_000, "target_gap": 1e-4, "runs": 3}
        seen = asyncio.run(contestant("tests.benchmarks.matching.seats", task))
        laps = [Lap(**lap) for lap in seen["laps"]]
        how = f"{seen['juniors']:,} juniors, {seen['seats']:,} seats, {seen['edges']:,} edges, {_time(laps)}"
        detail = f"{seen['places']:,} places filled, worth {seen['value']:,}, certified at most {seen['upper_bound']:,}"
        values = {
            "capacity_s": statistics.median(lap.wall for lap in laps),
            "capacity_ratio": seen["value"] / seen["upper_bound"],
        }
        return "", _measured({key: values[key] for key in keys}, how, [detail])

    def _cold_start(self, keys: Sequence[str]) -> tuple[str, list[Measured]]:
        seconds, cpu = [], []
        for _ in range(4):
            before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            subprocess.run([sys.executable, "-c", _FIRST_ANSWER], cwd=ROOT, check=True)
            seconds.append(time.perf_counter() - began)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        how = f"median of 3 processes, {spread(seconds[1:], '.2f')} s, {spread(cpu[1:], '.2f')} s of the processors"
        detail = f"a process before them, which may have had kernels to compile: {seconds[0]:.2f} s"
        return "", [Measured(keys[0], statistics.median(seconds[1:]), how, [detail])]


def compared(seen: dict[str, Any], ours: Sequence[Lap], exact: Lap) -> tuple[float | None, str, list[str]]:
    """How many times less processor time ours took, how, and more for the page; no figure where it is worth too little."""
    share = seen["value"] / seen["optimum"]
    value = exact.cpu / statistics.median(lap.cpu for lap in ours)
    by_wall = exact.wall / statistics.median(lap.wall for lap in ours)
    how = (
        f"{seen['people']:,} people, {seen['edges']:,} edges; {spread([1e3 * lap.cpu for lap in ours], '.0f')} ms of ours, "
        f"median of {len(ours)}, against {exact.cpu:.2f} s of rustworkx, run once between them; by the wall {by_wall:,.0f}; "
        f"worth {share:.5%} of the optimum"
    )
    if share < _LEAST_VALUE:
        return None, f"void: {how}", []
    return value, how, [f"the optimum is {seen['optimum']:,}, ours {seen['value']:,}"]


def _measured(values: Mapping[str, float], how: str, details: list[str]) -> list[Measured]:
    """The figures of one run; what else is known of it stands with the first."""
    return [Measured(key, value, how, [] if number else details) for number, (key, value) in enumerate(values.items())]


def _time(laps: Sequence[Lap]) -> str:
    """Times for the page, and what else the processors did meanwhile."""
    several = f"median of {len(laps)}: " if len(laps) > 1 else ""
    text = (
        f"{several}{spread([lap.wall for lap in laps], '.2f') if several else f'{laps[0].wall:.2f}'} s by the wall, "
        f"{statistics.median(lap.cpu for lap in laps):.2f} s of the processors, "
        f"others used {statistics.median(lap.others for lap in laps):.2f} s of them meanwhile"
    )
    compiled = sum(lap.compiled for lap in laps)
    return f"{text}; {compiled} kernels had to be compiled meanwhile" if compiled else text
