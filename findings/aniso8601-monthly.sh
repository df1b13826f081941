#!/usr/bin/env bash
# A good engineer expects the ISO 8601 interval 2026-01-31/P1M to end in February and R4/2026-01-31/P1M to name a day in each
# of four months. aniso8601 10.0.1, the parser behind several web and GraphQL frameworks, makes P1M thirty days and P1Y 365:
# the interval ends on 2 March, the repetition has two days in one month and none in February. isodate 0.7.2 adds calendar
# months (28 February). ISO 8601-1 calls such durations nominal, their length depending on the calendar; neither package
# warns. It matters for rhythms of meetings and for retention ("P1Y" ends a day early after a leap day). Instead: isodate or
# dateutil's relativedelta, or rules by date (RRULE), and a rhythm in weeks wherever the product may choose.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile aniso8601==10.0.1 isodate==0.7.2
venv/bin/python - <<'PY'
import datetime
from importlib.metadata import version

import aniso8601, isodate

start = datetime.date(2026, 1, 31)
expected = [str(start + isodate.parse_duration(f"P{months}M")) for months in (0, 1, 2, 3)]
seen = [str(day) for day in aniso8601.parse_repeating_interval("R4/2026-01-31/P1M")]
end = str(aniso8601.parse_interval("2026-01-31/P1M")[1])
print("aniso8601", version("aniso8601"), "isodate", version("isodate"))
print("expected:", *expected, "(isodate, month by month)")
print("seen:    ", *seen, "and the interval ends on", end)
same = end == "2026-03-02" and seen == ["2026-01-31", "2026-03-02", "2026-04-01", "2026-05-01"]
raise SystemExit(0 if same else "the behaviour has changed")
PY
