#!/usr/bin/env bash
# A good engineer expects the first answer of a fuzzy search to be the exact match where there is one. pycountry 26.2.16 answers
# search_fuzzy("Niger") with Nigeria first and Niger second, and "Curaçao" with another country too: an exact name is worth 50
# points, but a state of exactly that name is worth 49 and further points are added for every partial hit, so the country
# with such a state wins. Its README says that matches on country names are preferred. It matters where the first hit fills
# a person's country: the people of a whole country get another one's holidays and legal notices, with no error. Instead:
# pycountry.countries.lookup(), which matches whole names, and a fuzzy hit only as a suggestion that a person confirms.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile pycountry==26.2.16
venv/bin/python - <<'PY'
from importlib.metadata import version

import pycountry

seen = [country.name for country in pycountry.countries.search_fuzzy("Niger")]
print("pycountry", version("pycountry"))
print("expected:", pycountry.countries.lookup("Niger").name, "first, as by lookup()")
print("seen:    ", seen)
wrong = [c.name for c in pycountry.countries if pycountry.countries.search_fuzzy(c.name)[0] != c]
print("countries whose own name finds another first:", wrong)
raise SystemExit(0 if seen[:2] == ["Nigeria", "Niger"] and "Niger" in wrong else "the behaviour has changed")
PY
