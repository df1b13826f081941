#!/usr/bin/env bash
# A good engineer expects "20260304", the basic form of ISO 8601 that SAP and other HR systems export, to be 4 March 2026 or
# an error where a datetime is declared. pydantic 2.14.4 takes any string of digits for Unix time: 23 August 1970, no error,
# in strings as in numbers; twelve or more digits are milliseconds, so "202603040900" is another date again (1976). Python's
# datetime.fromisoformat and dateutil read 2026. It matters for hire dates and meeting times in
# imports: a wrong but plausible birth year passes every range check. A date field refuses most such strings, though with a
# misleading message. Instead: a BeforeValidator that accepts only the forms the customer's file may use.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile pydantic==2.14.4 python-dateutil==2.9.0.post0
venv/bin/python - <<'PY'
import datetime
from importlib.metadata import version

from dateutil.parser import isoparse
from pydantic import TypeAdapter

adapter = TypeAdapter(datetime.datetime)
seen = [adapter.validate_python(text).date().isoformat() for text in ("20260304", "202603040900")]
print("pydantic", version("pydantic"), "dateutil", version("python-dateutil"))
print("expected:", isoparse("20260304").date(), "as by dateutil, or an error")
print("seen:    ", *seen)
raise SystemExit(0 if seen == ["1970-08-23", "1976-06-02"] else "the behaviour has changed")
PY
