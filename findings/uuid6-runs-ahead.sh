#!/usr/bin/env bash
# A good engineer expects the time inside a version 7 UUID to be the time it was made, give or take a millisecond. uuid6
# 2025.0.1 keeps its UUIDs in order by adding one millisecond for every further one of the same millisecond, so a burst of
# 100,000 (a few seconds of a bulk import) ends a minute or more in the future and every later one stays there until the
# clock has caught up. RFC 9562 section 6.2 lets the timestamp run ahead only when a counter rolls over. uuid-utils 1.2.0
# makes as many in order without leaving the present. It matters where the time in the key is read back (cursors, "since",
# partitions, retention) and where two processes' keys are compared: one that imported sorts behind one that did not.
# Instead: a library with a counter (uuid-utils, Python 3.14, npm's uuid), and a column of its own for the time.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile uuid6==2025.0.1 uuid-utils==1.2.0
venv/bin/python - <<'PY'
import time, uuid
from importlib.metadata import version

import uuid6, uuid_utils

def burst(make, count=100_000):
    made = [make() for _ in range(count)]
    now = time.time() * 1000
    assert made == sorted(made)
    return ((uuid.UUID(str(made[-1])).int >> 80) - now) / 1000

ahead, present = burst(uuid6.uuid7), burst(uuid_utils.uuid7)
print("uuid6", version("uuid6"), "uuid-utils", version("uuid-utils"))
print("expected: 0 seconds ahead of the clock after 100,000 identifiers")
print(f"seen:     uuid6 {ahead:.1f} s ahead, uuid-utils {present:.1f} s")
raise SystemExit(0 if ahead > 10 and abs(present) < 1 else "the behaviour has changed")
PY
