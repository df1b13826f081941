#!/usr/bin/env bash
# A good engineer expects an excluded date to exclude the meeting at that instant, in whatever form it is written: RFC 5545
# section 3.8.5.1 compares date-times, and a series with TZID may carry its EXDATE in UTC. rrule 2.8.1 (npm) keeps a zoned
# series in a floating form and compares it with the UTC value unconverted, so the cancelled meeting stays; worse, an EXDATE
# of another instant whose digits happen to be equal removes a meeting that was never cancelled. icalendar and ical.js compare
# instants. It matters for cancelled sessions of a series: the app built on rrule still reminds people of them. Instead:
# write EXDATE with the series' own TZID, and expand on the server.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
npm install --silent --no-audit --no-fund --prefix . rrule@2.8.1 >/dev/null
cat > check.mjs <<'JS'
import rrule from "rrule";
const series = "DTSTART;TZID=Europe/Berlin:20260302T090000\nRRULE:FREQ=DAILY;COUNT=3\n";
const dates = (exdate) => rrule.rrulestr(series + exdate).all().map((d) => d.toISOString().slice(0, 16)).join(" ");
const local = dates("EXDATE;TZID=Europe/Berlin:20260303T090000");
const utc = dates("EXDATE:20260303T080000Z");
const other = dates("EXDATE:20260303T090000Z");
console.log("rrule 2.8.1");
console.log(`expected: ${local} for 09:00 in Berlin as for the same instant 08:00Z; all three for 09:00Z`);
console.log(`seen:     08:00Z: ${utc}\n          09:00Z: ${other}`);
if (!(local.split(" ").length === 2 && utc.split(" ").length === 3)) throw new Error("the behaviour has changed");
JS
node check.mjs
