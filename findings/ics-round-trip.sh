#!/usr/bin/env bash
# A good engineer expects the PyPI package ics to write what RFC 5545 allows. ics 0.7.3 drops the quotes around parameter
# values with a comma (section 3.2 demands them): ATTENDEE;CN="Doe, Jane" becomes CN=Doe\, Jane, which by the grammar ends
# the value at the comma. A backslash before an n in a description comes back as a backslash and
# a line break (section 3.3.11), so a path such as C:\new is torn apart. And it names the calendar scale GEORGIAN, which
# section 3.7.1 does not know (GREGORIAN). It matters for invitations passed through it: names in "family, given" form are
# what directories of large employers hold. Instead: icalendar for reading and writing.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile ics==0.7.3
venv/bin/python - 2>/dev/null <<'PY'
from importlib.metadata import version

import ics

lines = ['ATTENDEE;CN="Doe, Jane":mailto:jane@example.org', r"DESCRIPTION:Kept in C:\\new"]
body = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z",
        "DTSTART:20260302T090000Z", *lines, "END:VEVENT", "END:VCALENDAR", ""]
calendar = ics.Calendar("\r\n".join(body))
written = str(calendar).replace("\r\n ", "").splitlines()
seen = [next(line for line in written if line.startswith(name)) for name in ("ATTENDEE", "DESCRIPTION")]
text = next(iter(calendar.events)).description
scale = next((line for line in written if line.startswith("CALSCALE")), "CALSCALE:GREGORIAN")
print("ics", version("ics"))
print("expected:", *lines, "CALSCALE:GREGORIAN", sep="\n  ")
print("seen:", *seen, scale, sep="\n  ")
print("text read, expected 'Kept in C:\\new':", repr(text))
same = "CN=Doe\\, Jane" in seen[0] and seen[1] != lines[1] and "\n" in text and scale == "CALSCALE:GEORGIAN"
raise SystemExit(0 if same else 1)
PY
