#!/usr/bin/env bash
# A good engineer expects cron libraries to agree on "0 9 */2 * MON". crontab(5) fires on either day field unless one of them
# starts with a star; */2 starts with one, so both must match: every other Monday or so, 9 and 23 February 2026. cronsim 2.8,
# written after Debian's cron, says that. croniter 7.0.0 (unless told implement_cron_bug=True), cron-parser 5.10.6 and croner
# 11.0.1 fire on every odd day of the month and on Mondays besides: 16 mails instead of 2 in that month. It matters for
# reminder schedules that customers write: the preview in the browser, the worker and a Kubernetes CronJob disagree. Instead:
# refuse an expression with both day fields set, and offer the weekday and the interval as two inputs.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile cronsim==2.8 croniter==7.0.0
npm install --silent --no-audit --no-fund --prefix . cron-parser@5.10.6 croner@11.0.1 >/dev/null
cat > check.cjs <<'JS'
const { CronExpressionParser } = require("cron-parser");
const { Cron } = require("croner");
const [from, to] = [new Date("2026-02-01T00:00:00Z"), new Date("2026-03-01T00:00:00Z")];
const dates = CronExpressionParser.parse("0 9 */2 * MON", { currentDate: from, tz: "UTC" });
let parser = 0;
while (dates.next().toDate() < to) parser += 1;
const croner = new Cron("0 9 */2 * MON", { timezone: "UTC" }).nextRuns(40, from).filter((date) => date < to).length;
console.log(parser, croner);
JS
javascript=$(node check.cjs) venv/bin/python - <<'PY'
import datetime, itertools, os

from croniter import croniter
from cronsim import CronSim

start, end = datetime.datetime(2026, 2, 1), datetime.datetime(2026, 3, 1)
simulated = [date.day for date in itertools.takewhile(lambda date: date < end, CronSim("0 9 */2 * MON", start))]
dates = croniter("0 9 */2 * MON", start)
iterated = len(list(itertools.takewhile(lambda date: date < end, (dates.get_next(datetime.datetime) for _ in range(40)))))
print("cronsim 2.8, croniter 7.0.0, cron-parser 5.10.6, croner 11.0.1: runs in February 2026")
print("expected:", len(simulated), "on days", simulated, "(cronsim)")
print("seen:     croniter", iterated, " cron-parser and croner", os.environ["javascript"])
raise SystemExit(0 if simulated == [9, 23] and (iterated, os.environ["javascript"]) == (16, "16 16") else "the behaviour has changed")
PY
