#!/usr/bin/env bash
# A good engineer expects an assignment over 64-bit integer costs to be exact, since the solver only adds and compares. SciPy
# 1.17.1's linear_sum_assignment() converts every matrix to doubles without a word, so differences below the 53rd bit vanish:
# costs that pack a first criterion and a tie breaker into one integer, such as score * 2^53 + rank, are solved for the first
# alone. The result is a valid assignment of a higher cost, and its own sum over the original matrix shows it. networkx 3.6.1
# computes with Python's integers and finds the cheaper one. It matters for rules in order of priority ("first fairness, then
# travel"). Instead: keep packed costs below 2^53 divided by the number of people, or solve level by level.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile scipy==1.17.1 numpy==2.4.6 networkx==3.6.1
venv/bin/python - <<'PY'
import networkx, numpy, scipy
from scipy.optimize import linear_sum_assignment

unit = 2**53
costs = numpy.array([[unit + 1, unit], [unit, unit]], dtype=numpy.int64)
seen = int(costs[linear_sum_assignment(costs)].sum())
graph = networkx.Graph()
for person in range(2):
    for mentor in range(2):
        graph.add_edge(("person", person), ("mentor", mentor), weight=int(costs[person, mentor]))
expected = sum(graph.edges[edge]["weight"] for edge in networkx.min_weight_matching(graph))
print("scipy", scipy.__version__, "networkx", networkx.__version__)
print("expected:", expected, "(networkx)")
print("seen:    ", seen)
raise SystemExit(0 if expected == 2 * unit and seen == 2 * unit + 1 else "the behaviour has changed")
PY
