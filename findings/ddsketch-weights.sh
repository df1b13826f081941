#!/usr/bin/env bash
# A good engineer expects quantiles of a sketch that takes weights not to depend on their unit: weights of 0.5 each give the
# same median as weights of 1. ddsketch 3.0.1 documents add(value, weight) for any positive weight and looks a quantile up at
# rank q * (total - 1), which assumes that a weight of one is a person: with weights that sum to 1 every quantile, the
# maximum included, is the smallest value, and with survey weights below 1 all quantiles shift down. No error. It matters for
# weighted surveys, whose weights are usually scaled to sum to 1 or to have a mean of 1. Instead: multiply the weights so
# that the smallest is at least some hundred, which makes the missing one negligible.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile ddsketch==3.0.1
venv/bin/python - <<'PY'
from importlib.metadata import version

from ddsketch import DDSketch

def quantiles(weight):
    sketch = DDSketch(0.01)
    for answer in (1, 2, 3, 4, 5):
        sketch.add(answer, weight=weight)
    return [round(sketch.get_quantile_value(q)) for q in (0.25, 0.5, 0.75, 1)]

print("ddsketch", version("ddsketch"), "answers 1 to 5, quantiles 0.25, 0.5, 0.75, 1")
print("expected:", quantiles(1), "and", quantiles(100), "with weights 1 and 100, and the same with weights 0.2")
print("seen:    ", quantiles(0.2))
raise SystemExit(0 if quantiles(1)[1:] == [3, 4, 5] and quantiles(0.2) == [1, 1, 1, 1] else "the behaviour has changed")
PY
