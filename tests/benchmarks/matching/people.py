"""`python -m tests.benchmarks.matching.people`: a process that reads a population, matches it, and prints what it cost.

Task, as JSON on standard input: {"file", "warm_up", "target_gap", "fast", "runs", "checked", "format", "options"}.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from matching_service.engine import Policy, check_bound, check_matches, format_of, match_population
from tests.benchmarks.matching.clock import peak_mb, timed
from tests.benchmarks.matching.kept import kept

_ROWS_CHECKED = 100


def main() -> None:
    task = json.load(sys.stdin)
    format_ = format_of(task["format"]) if task["format"] else None
    policy = format_.policy(format_.options(task["options"])) if format_ else Policy()
    match_population(kept(Path(task["warm_up"])), policy, fast=task["fast"])
    population = kept(Path(task["file"]))
    before = peak_mb()
    laps = []
    for _ in range(task["runs"]):
        with timed() as lap:
            matched = match_population(population, policy, target_gap=task["target_gap"], fast=task["fast"])
        laps.append(asdict(lap))
    seen = {
        "people": len(population),
        "laps": laps,
        "rss_mb": peak_mb(),
        "rss_before_mb": before,
        "value": matched.value,
        "upper_bound": matched.upper_bound,
        "pairs": len(matched.a),
        "matchable": len(population) - sum(one.why == "no_feasible_partner" for one in matched.unmatched),
        "wrong": [],
    }
    if task["checked"]:
        wrong = check_matches(population, policy, matched) + check_bound(population, policy, matched, _ROWS_CHECKED)
        seen["wrong"] = [f"{one.code}: {one.detail}" for one in wrong]
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
