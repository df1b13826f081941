"""`python -m tests.benchmarks.matching.sparse`: a process that matches one sparse graph with the engine and with rustworkx.

Task, as JSON on standard input: {"file", "listed", "target_gap", "runs"}.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import rustworkx

from matching_service.engine import Policy, match_graph
from matching_service.engine.core.graph import Graph
from matching_service.engine.weighing.all_pairs import Field, edges_of
from tests.benchmarks.matching.clock import Lap, timed
from tests.benchmarks.matching.kept import kept


def best_listed(file: Path, size: int) -> Graph:
    """Everybody with their `size` best partners out of all: whoever is on the list of one or the other."""
    field = Field(kept(file), Policy(), 0)
    everybody = np.arange(field.active, dtype=np.int32)
    lists = field.partners_of(everybody, np.zeros(len(field.order), dtype=np.int64), size, lambda _: None)
    return Graph.empty(len(field.order)).merged(*edges_of(lists))


def main() -> None:
    task = json.load(sys.stdin)
    graph = best_listed(Path(task["file"]), task["listed"])
    weights = graph.weight.tolist()
    theirs = rustworkx.PyGraph(multigraph=False)
    theirs.add_nodes_from(range(graph.n))
    theirs.add_edges_from(list(zip(graph.u.tolist(), graph.v.tolist(), weights, strict=True)))
    ours: list[Lap] = []

    def match() -> int:
        with timed() as lap:
            matching = match_graph(graph.n, graph.u, graph.v, graph.weight, target_gap=task["target_gap"])
        ours.append(lap)
        return matching.value

    match()
    ours.clear()
    for _ in range(task["runs"]):
        match()
    with timed() as exact:
        pairs = rustworkx.max_weight_matching(theirs, weight_fn=int)
    for _ in range(task["runs"]):
        value = match()
    seen = {
        "people": graph.n,
        "edges": len(weights),
        "ours": [asdict(lap) for lap in ours],
        "rustworkx": asdict(exact),
        "value": value,
        "optimum": sum(theirs.get_edge_data(*pair) for pair in pairs),
    }
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
