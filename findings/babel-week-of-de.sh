#!/usr/bin/env bash
# A good engineer expects the locale "de" to count weeks as Germany does. CLDR (UTS 35 part 4, "Week Data") keys week rules by
# region and has implementations take the likely region, DE, where the locale names none. Babel 2.19.0 takes the world's
# default instead: a week needs one day of the new year, so 1 January 2027 is in week 1 by format_date(..., locale="de"), in
# week 53 of 2026 by "de_DE" and by ISO 8601. Node's Intl says four days for "de". It matters for everything labelled by week
# (reports, capacity per week) in services that store a language, not a region: in a year like 2027 every label is one too
# high. Instead: give Babel a locale with its region, or take the number from date.isocalendar().
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile babel==2.19.0
venv/bin/python - <<'PY'
import datetime

import babel
from babel.dates import format_date

days = [datetime.date(2027, 1, 1), datetime.date(2027, 6, 16)]
week = {locale: [format_date(day, "YYYY-'W'ww", locale=locale) for day in days] for locale in ("de", "de_DE")}
iso = ["{}-W{:02}".format(*day.isocalendar()[:2]) for day in days]
print("babel", babel.__version__)
print("expected:", iso, "(ISO 8601; Babel for de_DE:", week["de_DE"], ")")
print("seen:    ", week["de"], "for de; days needed:", babel.Locale("de").min_week_days, "not 4")
raise SystemExit(0 if week["de_DE"] == iso and week["de"] == ["2027-W01", "2027-W25"] else "the behaviour has changed")
PY
