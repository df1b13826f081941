"""How a benchmark tells what it has measured: a JSON line a figure, and its page."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import psutil

from tests.benchmarks.figures import Measured
from tests.benchmarks.page import Page
from tests.benchmarks.processes import MeasurementFailed


@dataclass(frozen=True)
class Group:
    """Figures that are measured together: `measure` is given the keys that are wanted, and says what it measured on."""

    keys: Sequence[str]
    measure: Callable[[Sequence[str]], tuple[str, list[Measured]]]


def report(page: Page, groups: Iterable[Group], keys: Sequence[str], *, kept: bool) -> int:
    """Measure, print, and where they are kept, write the page. 1 when a figure misses its bar or could not be measured."""
    ok = True
    for measured, where in _measured(groups, keys):
        line = measured.line(page.figures[measured.key])
        print(json.dumps(line, ensure_ascii=False), flush=True)
        print(*(f"  {detail}" for detail in measured.details), sep="\n", file=sys.stderr, flush=True)
        ok = ok and line["ok"]
        if kept:
            page.keep(measured, where)
    if kept:
        page.write()
    return 0 if ok else 1


def _measured(groups: Iterable[Group], keys: Sequence[str]) -> Iterator[tuple[Measured, str]]:
    """Figures with what they were measured on, a group after the other; a group that fails leaves the others alone."""
    for group in groups:
        wanted = [key for key in group.keys if key in keys]
        if not wanted:
            continue
        busy = f"the machine was {psutil.cpu_percent(interval=1):.0f} % busy before"
        try:
            where, measured = group.measure(wanted)
        except Exception as error:  # noqa: BLE001 - whatever it was, the other groups can still be measured
            if not isinstance(error, MeasurementFailed):
                traceback.print_exception(error)
            reason = f"not measured: {error or type(error).__name__}"
            where, measured = "", [Measured(key, None, reason) for key in wanted]
        for one in measured:
            one.details.append(busy)
            yield one, where
