#!/usr/bin/env bash
# A good engineer expects CronTrigger.from_crontab(), documented as taking a standard crontab expression, to mean what crontab(5)
# means. APScheduler 3.11.3 counts weekdays from Monday as 0: "0 9 * * 1" fires on Tuesdays, "1-5" from Tuesday to Saturday,
# and 7 (Sunday) is an error. When both day fields are given, crontab fires when either matches; APScheduler wants both, so
# "9:00 on the 1st and on Mondays" waits for a Monday that is the 1st. croniter 7.0.0 follows crontab. It matters for weekly
# digests and reminders copied from a Kubernetes CronJob: a day late, every week, Saturdays included. Instead: weekday names
# (mon-fri), which both read alike, and two triggers for "either".
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile apscheduler==3.11.3 croniter==7.0.0
venv/bin/python - <<'PY'
import datetime
from importlib.metadata import version

from apscheduler.triggers.cron import CronTrigger
from croniter import croniter

start = datetime.datetime(2026, 2, 1, 12, tzinfo=datetime.timezone.utc)
expressions = ["0 9 * * 1", "0 9 * * mon", "0 9 1 * mon"]
seen = [CronTrigger.from_crontab(text, timezone="UTC").get_next_fire_time(None, start).strftime("%a %d %b") for text in expressions]
right = [croniter(text, start).get_next(datetime.datetime).strftime("%a %d %b") for text in expressions]
print("apscheduler", version("apscheduler"), "croniter", version("croniter"), expressions)
print("expected:", right, "(croniter)")
print("seen:    ", seen)
same = right == ["Mon 02 Feb"] * 3 and seen == ["Tue 03 Feb", "Mon 02 Feb", "Mon 01 Jun"]
raise SystemExit(0 if same else "the behaviour has changed")
PY
