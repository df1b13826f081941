#!/usr/bin/env bash
# A good engineer expects a calendar that is read and written again to say the same. icalendar 7.3.2 reads RESOURCES:Room
# A,Projector, two resources by RFC 5545 section 3.8.1.10, as one text and writes it with the comma escaped: one resource by
# the name "Room A,Projector". REQUEST-STATUS, whose semicolons separate code and text (section 3.8.8.3), gets its semicolons
# escaped, so the code of a scheduling reply is no longer found. CATEGORIES, of the same shape, survives. ical.js 2.2.1 reads
# two before and one after. It matters for a server that keeps what others sent and adds a property: room bookings and
# scheduling answers break for the next reader. Instead: pass on the original text, or set both properties by hand.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile icalendar==7.3.2
venv/bin/python - <<'PY'
import icalendar

lines = ["CATEGORIES:Mentoring,First meeting", "RESOURCES:Room A,Projector", "REQUEST-STATUS:2.0;Success"]
event = ["BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT", ""]
written = icalendar.Event.from_ical("\r\n".join(event)).to_ical().decode().splitlines()
seen = [next(line for line in written if line.startswith(wanted.split(":")[0])) for wanted in lines]
print("icalendar", icalendar.__version__)
print("expected:", *lines, sep="\n  ")
print("seen:", *seen, sep="\n  ")
known = [lines[0], "RESOURCES:Room A\\,Projector", "REQUEST-STATUS:2.0\\;Success"]
raise SystemExit(0 if seen == known else "the behaviour has changed")
PY
