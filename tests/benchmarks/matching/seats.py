"""`python -m tests.benchmarks.matching.seats`: a process that fills the seats of a large company and prints what it cost.

Task, as JSON on standard input: {"people", "warm_up", "target_gap", "runs"}.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from matching_service.engine.solvers.seats import match_seats
from tests.benchmarks.matching.clock import timed
from tests.benchmarks.seat_market import seat_market


def main() -> None:
    task = json.load(sys.stdin)
    match_seats(*seat_market(task["warm_up"]), target_gap=task["target_gap"])
    market = seat_market(task["people"])
    laps = []
    for _ in range(task["runs"]):
        with timed() as lap:
            matched = match_seats(*market, target_gap=task["target_gap"])
        laps.append(asdict(lap))
    seen = {
        "juniors": len(market.left_seats),
        "seats": int(market.right_seats.sum()),
        "edges": len(market.u),
        "laps": laps,
        "places": matched.places,
        "value": matched.value,
        "upper_bound": matched.upper_bound,
    }
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
