#!/usr/bin/env bash
# A good engineer expects parse_date with a locale to read every date in that locale's order and to refuse one that does not
# fit. Babel 2.19.0 swaps day and month for just those values whose month would be above 12: in en_US "03/04/2026" is 4 March
# and "13/04/2026", of the same column, is 13 April. It matters for imports of hire dates with a locale chosen wrongly: two
# fifths of the rows come out wrong, the rest right, and no row is refused, so that nobody sees the mistake. Instead:
# datetime.strptime with one format for the whole column, agreed with the customer.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile babel==2.19.0
venv/bin/python - <<'PY'
import babel
from babel.dates import parse_date

column = ["03/04/2026", "12/04/2026", "13/04/2026", "30/04/2026"]
seen = [parse_date(text, locale="en_US").isoformat() for text in column]
print("babel", babel.__version__, "locale en_US", column)
print("expected: 2026-03-04 2026-12-04, then an error for a month 13 and 30")
print("seen:    ", *seen)
raise SystemExit(0 if seen == ["2026-03-04", "2026-12-04", "2026-04-13", "2026-04-30"] else "the behaviour has changed")
PY
