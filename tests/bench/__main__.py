"""`python -m tests.bench [key ...]`: measures, prints a JSON line a figure, and writes docs/benchmarks.md.

Real parts are chosen as the tests choose them (tests/support/parts.py); Kafka has to be Apache Kafka. Each group of figures
gets parts of its own, and everything it measures runs in processes of their own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from types import ModuleType

import asyncpg
import psutil

from tests.bench import api, consumer, demo, import_people, latency, page, relay
from tests.bench.figures import FIGURES, FULL, QUICK, Effort, Measured
from tests.bench.processes import MeasurementFailed
from tests.support import parts
from tests.support.issuer import Issuer
from tests.support.log import EventLog
from tests.support.services import Surroundings

_ON_REAL_PARTS = (api, relay, consumer, latency, import_people)


def main() -> int:
    """Exit code 1 when a figure misses its bar or could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure, print, and write docs/benchmarks.md.")
    parser.add_argument("keys", nargs="*", metavar="key", help=f"of {', '.join(FIGURES)}; none: all of them")
    parser.add_argument("--quick", action="store_true", help="short rounds, to see that it runs; the page stays as it is")
    chosen = parser.parse_args()
    if unknown := set(chosen.keys) - FIGURES.keys():
        parser.error(f"there is no figure {', '.join(sorted(unknown))}")
    ok = True
    for measured, where in _measured(chosen.keys or list(FIGURES), QUICK if chosen.quick else FULL):
        line = measured.line()
        print(json.dumps(line, ensure_ascii=False), flush=True)
        print(*(f"  {detail}" for detail in measured.details), sep="\n", file=sys.stderr, flush=True)
        ok = ok and line["ok"]
        if not chosen.quick:
            page.keep(measured, where)
    if not chosen.quick:
        page.write()
    return 0 if ok else 1


def _measured(keys: Sequence[str], effort: Effort) -> Iterator[tuple[Measured, str]]:
    """Figures with the parts they were measured on, a group after the other; a group that fails leaves the others alone."""
    for module in (*_ON_REAL_PARTS, demo):
        wanted = [key for key in module.KEYS if key in keys]
        if not wanted:
            continue
        busy = f"the machine was {psutil.cpu_percent(interval=1):.0f} % busy before"
        try:
            where, measured = _on_wheels(wanted) if module is demo else _on_real_parts(module, wanted, effort)
        except Exception as error:  # noqa: BLE001 - whatever it was, the other groups can still be measured
            if not isinstance(error, MeasurementFailed):
                traceback.print_exception(error)
            reason = f"not measured: {error or type(error).__name__}"
            where, measured = "", [Measured(key, None, reason) for key in wanted]
        for one in measured:
            one.details.append(busy)
            yield one, where


def _on_wheels(wanted: Sequence[str]) -> tuple[str, list[Measured]]:
    return "demo: PostgreSQL and the broker from their wheels", demo.measure(wanted)


def _on_real_parts(module: ModuleType, wanted: Sequence[str], effort: Effort) -> tuple[str, list[Measured]]:
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
