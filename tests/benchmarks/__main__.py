"""`python -m tests.benchmarks [key ...]`: measures, prints a JSON line a figure, and writes docs/benchmarks.md.

Real parts are chosen as the tests choose them (tests/support/parts.py); Kafka has to be Apache Kafka. Each group of figures
gets parts of its own, and everything it measures runs in processes of their own.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from types import ModuleType
from typing import Final

import asyncpg

from tests.benchmarks import api, consumer, demo, documents, import_people, latency, people_files, relay
from tests.benchmarks.figures import FIGURES, FULL, QUICK, Effort, Measured
from tests.benchmarks.older_build import compare
from tests.benchmarks.page import Page
from tests.benchmarks.processes import ROOT, MeasurementFailed
from tests.benchmarks.report import Group, report
from tests.support import parts
from tests.support.issuer import Issuer
from tests.support.log import EventLog
from tests.support.services import Surroundings

_ON_REAL_PARTS = (api, relay, consumer, latency, import_people, documents)
_PAGE: Final = Page(
    ROOT / "docs" / "benchmarks.md",
    """\
# Benchmarks

Written by `make bench`; do not edit. Every figure is one run on one machine, on real parts, with each service in its own
process. Ratios are taken against something that ran in the same minute on the same machine, in interleaved rounds, so that
they say more about the code than about the machine; times and rates are this machine's own.
""",
    FIGURES,
    (
        "aiokafka", "asyncpg", "fastapi", "httptools", "msgspec", "orjson", "pydantic", "PyJWT", "SQLAlchemy", "sqlmodel",
        "starlette", "uvicorn", "uvloop",
    ),
    "python -m tests.benchmarks",
)  # fmt: skip


def main() -> int:
    """Exit code 1 when a figure misses its bar or could not be measured."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description="Measure, print, and write docs/benchmarks.md."
    )
    parser.add_argument("keys", nargs="*", metavar="key", help=f"of {', '.join(FIGURES)}; none: all of them")
    parser.add_argument("--quick", action="store_true", help="short rounds, to see that it runs; the page stays as it is")
    parser.add_argument("--print-only", action="store_true", help="print the figures; the page stays as it is")
    parser.add_argument("--base", metavar="commit", help="compare with the build of this commit; the page stays as it is")
    parser.add_argument("--rounds", type=int, default=3, help="with --base: how often each build is measured (3)")
    chosen = parser.parse_args()
    if unknown := set(chosen.keys) - FIGURES.keys():
        parser.error(f"there is no figure {', '.join(sorted(unknown))}")
    if chosen.base:
        return compare("", chosen.base, FIGURES, chosen.keys or list(FIGURES), chosen.rounds)
    effort = QUICK if chosen.quick else FULL
    groups = [Group(module.KEYS, partial(_on_real_parts, module, effort=effort)) for module in _ON_REAL_PARTS]
    groups.append(Group(people_files.KEYS, lambda wanted: ("no parts", people_files.measure(wanted))))
    groups.append(Group(demo.KEYS, _on_wheels))
    return report(_PAGE, groups, chosen.keys or list(FIGURES), kept=not (chosen.quick or chosen.print_only))


def _on_wheels(wanted: Sequence[str]) -> tuple[str, list[Measured]]:
    return "demo: PostgreSQL and the broker embedded", demo.measure(wanted)


def _on_real_parts(module: ModuleType, wanted: Sequence[str], *, effort: Effort) -> tuple[str, list[Measured]]:
    if not parts.choice().kafka_is_real:
        raise MeasurementFailed(f"needs Apache Kafka; this machine has {parts.choice()}")

    async def measure(postgres: str, kafka: str) -> tuple[str, list[Measured]]:
        connection = await asyncpg.connect(postgres)
        server = f"server {await connection.fetchval('SHOW server_version')}, fsync {await connection.fetchval('SHOW fsync')}"
        await connection.close()
        async with Issuer.running() as issuer, AsyncExitStack() as stack:
            log = EventLog(kafka, idempotent=True)  # not opened: nobody listens while others are measured
            surroundings = Surroundings(postgres, kafka, True, issuer, log, stack)
            return f"{parts.choice()}; {server}", await module.measure(surroundings, wanted, effort)

    with parts.postgres() as postgres, parts.kafka() as kafka:
        return asyncio.run(measure(postgres, kafka))


if __name__ == "__main__":
    sys.exit(main())
