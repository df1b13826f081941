#!/usr/bin/env bash
# A good engineer expects an exact search for change points to find them exactly. ruptures 1.1.10 looks only at every fifth
# sample unless told otherwise (jump=5, also for Dynp, documented as the optimal solution by dynamic programming): a clean
# step after 53 samples is found at 55 by Dynp and BottomUp, and Pelt reports two changes, at 50 and 55, for the one there
# is. min_size, too, is 2. It matters for short series (weekly sessions, monthly answers): the change is dated weeks or
# months off and blamed on the wrong release or policy, or one change counts as two. Instead: jump=1 for anything below some
# thousand samples; it costs nothing there.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile ruptures==1.1.10 numpy==2.4.6 scipy==1.17.1
venv/bin/python - <<'PY'
from importlib.metadata import version

import numpy, ruptures

series = numpy.concatenate([numpy.zeros(53), numpy.full(50, 5.0)])

def changes(search, **argument):
    return [int(at) for at in search.fit(series).predict(**argument)][:-1]

dynp = changes(ruptures.Dynp(model="l2"), n_bkps=1)
pelt = changes(ruptures.Pelt(model="l2"), pen=10)
every = [changes(ruptures.Dynp(model="l2", jump=1), n_bkps=1), changes(ruptures.Pelt(model="l2", jump=1), pen=10)]
print("ruptures", version("ruptures"))
print("expected: [53] and [53], as with jump=1:", *every)
print("seen:     Dynp", dynp, "Pelt", pelt)
raise SystemExit(0 if dynp == [55] and pelt == [50, 55] and every == [[53], [53]] else "the behaviour has changed")
PY
