"""A population in a file of arrays, so that who makes it and who matches it need not share a process, nor its memory.

`python -m tests.benchmarks.matching.kept` makes one: {"people", "file", "most_seats"} as JSON on standard input.
"""

from __future__ import annotations

import json
import sys
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from matching_service.engine import Population


def keep(population: Population, file: Path) -> None:
    """Write a population."""
    columns: dict[str, Any] = {field.name: getattr(population, field.name) for field in fields(population)}
    columns["reference_date"] = population.reference_date.isoformat()
    np.savez(file, **columns)


def kept(file: Path) -> Population:
    """Read it again."""
    with np.load(file) as stored:
        columns: dict[str, Any] = {field.name: stored[field.name] for field in fields(Population)}
    for name, column in columns.items():
        if column.dtype.kind == "U":
            columns[name] = tuple(column.tolist()) if column.ndim else date.fromisoformat(str(column))
    return Population(**columns)


def main() -> None:
    from tests.benchmarks.company import company

    task = json.load(sys.stdin)
    keep(company(task["people"], most_seats=task["most_seats"]), Path(task["file"]))
    print(json.dumps({}))


if __name__ == "__main__":
    main()
