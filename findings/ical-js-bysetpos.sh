#!/usr/bin/env bash
# A good engineer expects BYSETPOS to pick from the whole set of one period of the rule's FREQ, as RFC 5545 section 3.3.10
# says. ical.js 2.2.1 honours it only for FREQ=MONTHLY with BYDAY: "the last of Monday, Wednesday, Friday in each week" shows
# all three, "the last of the 28th to 31st of each month" shows every one of them, and "the last working day of the year's
# quarters' months" (FREQ=YEARLY) is picked per month, four meetings instead of one. No error. rrule 2.8.1 and dateutil agree
# with the RFC. It matters because Outlook and Google write such rules: a guest of a series sees meetings that nobody
# planned, and free/busy computed from it blocks the wrong hours. Instead: expand on the server, send single events.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
npm install --silent --no-audit --no-fund --prefix . ical.js@2.2.1 rrule@2.8.1 >/dev/null
cat > check.mjs <<'JS'
import ICAL from "ical.js";
import rrule from "rrule";
const rules = [
  ["2026-03-06", "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=-1;COUNT=3", "2026-03-06 2026-03-09 2026-03-11"],
  ["2026-02-28", "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1;COUNT=3", "2026-02-28 2026-03-28 2026-03-29"],
  ["2026-12-31", "FREQ=YEARLY;BYMONTH=3,6,9,12;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3", "2026-12-31 2027-03-31 2027-06-30"],
];
const byIcal = (day, rule) => {
  const dates = ICAL.Recur.fromString(rule).iterator(ICAL.Time.fromDateTimeString(`${day}T09:00:00`));
  return [1, 2, 3].map(() => dates.next().toString().slice(0, 10)).join(" ");
};
const byRrule = (day, rule) =>
  rrule.rrulestr(`DTSTART:${day.replaceAll("-", "")}T090000Z\nRRULE:${rule}`).all().map((d) => d.toISOString().slice(0, 10)).join(" ");
console.log("ical.js 2.2.1, rrule 2.8.1");
let same = true;
for (const [day, rule, known] of rules) {
  const [seen, right] = [byIcal(day, rule), byRrule(day, rule)];
  console.log(`${rule}\n  expected: ${right} (rrule)\n  seen:     ${seen}`);
  same &&= seen === known && right !== seen;
}
if (!same) throw new Error("the behaviour has changed");
JS
node check.mjs
