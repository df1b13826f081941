"""`python -m tests.benchmarks.matching [key ...]`: measures the matching engine and writes docs/benchmarks-matching.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.benchmarks.matching.figures import FIGURES
from tests.benchmarks.matching.groups import Workplace
from tests.benchmarks.older_build import compare
from tests.benchmarks.page import Page
from tests.benchmarks.processes import ROOT
from tests.benchmarks.report import report

_PAGE: Final = Page(
    ROOT / "docs" / "benchmarks-matching.md",
    """\
# Benchmarks of the matching engine

Written by `make bench-matching`; do not edit. The people are those of `tests/benchmarks/company.py`: a company drawn from a
seed, whose skills, departments, levels, time zones and working hours are spread as in companies. How the engine works stands in
[matching.md](matching.md). Everything is measured in a process of its own; times are this machine's, and where others used its
processors meanwhile, it says so. A stretch is what would be better than asked for.
""",
    FIGURES,
    ("numba", "llvmlite", "numpy", "rustworkx"),
    "python -m tests.benchmarks.matching",
)


def main() -> int:
    """Exit code 1 when a figure misses its bar or could not be measured."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.matching", description="Measure, print, and write docs/benchmarks-matching.md."
    )
    parser.add_argument("keys", nargs="*", metavar="key", help=f"of {', '.join(FIGURES)}; none: all but those of a million")
    parser.add_argument("--million", action="store_true", help="those of a million people too: some ten minutes and 2 GB")
    parser.add_argument(
        "--quick", action="store_true", help="companies of a tenth of the size, to see that it runs; the page stays as it is"
    )
    parser.add_argument("--print-only", action="store_true", help="print the figures; the page stays as it is")
    parser.add_argument("--base", metavar="commit", help="compare with the build of this commit; the page stays as it is")
    parser.add_argument("--rounds", type=int, default=3, help="with --base: how often each build is measured (3)")
    chosen = parser.parse_args()
    if unknown := set(chosen.keys) - FIGURES.keys():
        parser.error(f"there is no figure {', '.join(sorted(unknown))}")
    keys = chosen.keys or [key for key in FIGURES if not key.startswith("million")]
    if chosen.million:
        keys += [key for key in FIGURES if key.startswith("million") and key not in keys]
    if chosen.base:
        return compare("matching", chosen.base, FIGURES, keys, chosen.rounds)
    with tempfile.TemporaryDirectory(prefix="peerloom-bench.") as folder:
        workplace = Workplace(Path(folder), 0.1 if chosen.quick else 1.0)
        return report(_PAGE, workplace.groups(), keys, kept=not (chosen.quick or chosen.print_only))


if __name__ == "__main__":
    sys.exit(main())
