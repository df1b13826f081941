#!/usr/bin/env bash
# A good engineer expects the recurrence engine inside Thunderbird and many web calendars to follow the examples printed in
# RFC 5545 section 3.8.5.3. ical.js 2.2.1 does not for some yearly rules: "every 20th Monday of the year" and "Monday of week
# 20" come every week from then on, week rules start a week late, and a yearly rule that starts on 29 February moves to
# 1 March in other years, although section 3.3.10 says an instance on an invalid date must be ignored. rrule 2.8.1 follows
# the RFC in all three. It matters for anniversaries, yearly reviews and programs by week number: one calendar shows 52
# meetings where another shows one. Instead: send every session as its own event, or the dates one by one as RDATE.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
npm install --silent --no-audit --no-fund --prefix . ical.js@2.2.1 rrule@2.8.1 >/dev/null
cat > check.mjs <<'JS'
import ICAL from "ical.js";
import rrule from "rrule";
const rules = [
  ["1997-05-19", "FREQ=YEARLY;BYDAY=20MO;COUNT=3"],
  ["1997-05-12", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=3"],
  ["2024-02-29", "FREQ=YEARLY;COUNT=3"],
];
const wanted = ["1997-05-19 1998-05-18 1999-05-17", "1997-05-12 1998-05-11 1999-05-17", "2024-02-29 2028-02-29 2032-02-29"];
const wrong = ["1997-05-19 1997-05-26 1997-06-02", "1997-05-19 1997-05-26 1997-06-02", "2024-02-29 2025-03-01 2026-03-01"];
const byIcal = ([day, rule]) => {
  const dates = ICAL.Recur.fromString(rule).iterator(ICAL.Time.fromDateTimeString(`${day}T09:00:00`));
  return [1, 2, 3].map(() => dates.next().toString().slice(0, 10)).join(" ");
};
const byRrule = ([day, rule]) =>
  rrule.rrulestr(`DTSTART:${day.replaceAll("-", "")}T090000Z\nRRULE:${rule}`).all().map((d) => d.toISOString().slice(0, 10)).join(" ");
console.log("ical.js 2.2.1, rrule 2.8.1");
let same = true;
rules.forEach((rule, i) => {
  console.log(`${rule[1]}\n  expected: ${wanted[i]}\n  seen:     ${byIcal(rule)} (rrule: ${byRrule(rule)})`);
  same &&= byIcal(rule) === wrong[i] && byRrule(rule) === wanted[i];
});
if (!same) throw new Error("the behaviour has changed");
JS
node check.mjs
