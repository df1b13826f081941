#!/usr/bin/env bash
# A good engineer expects one library to decide in one way what a local time means that the clock change makes double or
# skips. RFC 5545 section 3.3.5 asks for the first instant of a double time and for a skipped one to move forward.
# date-fns-tz 3.2.0 takes the later instant in Berlin and the earlier in New York, and moves skipped times back, so that
# order is lost: 01:30 and a skipped 02:30 become one instant and 02:00 comes before 01:30. Luxon 3.7.2 takes the later of
# two everywhere and goes forward in the gap. It matters for slots offered near a clock change: two slots of one day
# collide, and the page's answer differs from the server's by an hour. Instead: let the server turn local times into
# instants and refuse those in a gap; on the page use Temporal with disambiguation named.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
npm install --silent --no-audit --no-fund --prefix . date-fns@4.4.0 date-fns-tz@3.2.0 luxon@3.7.2 >/dev/null
cat > check.mjs <<'JS'
import { fromZonedTime } from "date-fns-tz";
import { DateTime } from "luxon";
const cases = [
  ["2027-03-28T01:30", "Europe/Berlin"], ["2027-03-28T02:00", "Europe/Berlin"], ["2027-03-28T02:30", "Europe/Berlin"],
  ["2026-10-25T02:30", "Europe/Berlin"], ["2026-11-01T01:30", "America/New_York"],
];
const seen = cases.map(([time, zone]) => fromZonedTime(time, zone).toISOString().slice(11, 16));
const luxon = cases.map(([time, zone]) => DateTime.fromISO(time, { zone }).toUTC().toISO().slice(11, 16));
console.log("date-fns-tz 3.2.0, luxon 3.7.2: UTC of 01:30, 02:00, 02:30 around the gap; of double times in Berlin, New York");
console.log("expected: 00:30 01:00 01:30, then 00:30 05:30 (the earlier) or 01:30 06:30 (the later)");
console.log("seen:    ", ...seen, "  luxon", ...luxon);
if (seen.join(" ") !== "00:30 00:00 00:30 01:30 05:30") throw new Error("the behaviour has changed");
JS
TZ=UTC node check.mjs
