#!/usr/bin/env bash
# A good engineer expects a timedelta, a fixed number of seconds, to be written as one that every reader takes for the same
# length. pydantic 2.14.4 writes 400 days as "P1Y35D". ISO 8601 calls years and months nominal: their length depends on the
# date. isodate 0.7.2 adds a calendar year and lands a day later when a 29 February lies between; msgspec 0.23.0 and
# Temporal-like readers refuse it; pydantic itself reads it back as 400 days, so no round trip in one's own tests shows it.
# It matters for durations above 364 days (length of service, retention, program length) in JSON for other parties.
# Instead: send days or seconds as an integer, or set ser_json_timedelta="float" where the reader expects seconds.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile pydantic==2.14.4 isodate==0.7.2 msgspec==0.23.0
venv/bin/python - <<'PY'
import datetime
from importlib.metadata import version

import isodate, msgspec
from pydantic import TypeAdapter

adapter = TypeAdapter(datetime.timedelta)
length, start = datetime.timedelta(days=400), datetime.date(2027, 3, 1)
sent = adapter.dump_python(length, mode="json")
read = start + isodate.parse_duration(sent)
try:
    msgspec.convert(sent, datetime.timedelta)
    refused = False
except msgspec.ValidationError:
    refused = True
print("pydantic", version("pydantic"), "isodate", version("isodate"), "msgspec", version("msgspec"))
print("expected: P400D, and", start + length, "for 400 days after", start)
print("seen:    ", sent, "and", read, "by isodate; refused by msgspec:", refused)
same = sent == "P1Y35D" and read == start + length + datetime.timedelta(days=1) and refused
raise SystemExit(0 if same and adapter.validate_python(sent) == length else "the behaviour has changed")
PY
