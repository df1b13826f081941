#!/usr/bin/env bash
# A good engineer expects weighted agreement on a five-point scale to count 3 against 5 as two steps apart. scikit-learn 1.9.1's
# cohen_kappa_score(weights="linear") measures the distance between positions in the sorted list of labels that occur: when
# nobody answered 4, the 3 and the 5 are neighbours and kappa rises from 0.733 to 0.818 on the same answers (quadratic: 0.822
# to 0.917). With labels=[1, 2, 3, 4, 5] it counts right; the documentation gives labels only as a means to select a subset.
# It matters for small groups, where an answer that nobody chose is the rule, and for comparing groups: the one that skipped
# an answer looks more in agreement. Instead: always pass the scale's labels.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile scikit-learn==1.9.1
venv/bin/python - <<'PY'
import sklearn
from sklearn.metrics import cohen_kappa_score

mentor, mentee, scale = [1, 2, 3, 5], [1, 2, 5, 5], [1, 2, 3, 4, 5]
expected = [round(float(cohen_kappa_score(mentor, mentee, weights=w, labels=scale)), 3) for w in ("linear", "quadratic")]
seen = [round(float(cohen_kappa_score(mentor, mentee, weights=w)), 3) for w in ("linear", "quadratic")]
print("scikit-learn", sklearn.__version__, mentor, mentee)
print("expected:", expected, "(the scale given)")
print("seen:    ", seen)
raise SystemExit(0 if expected == [0.733, 0.822] and seen == [0.818, 0.917] else "the behaviour has changed")
PY
