#!/usr/bin/env bash
# A good engineer expects the PyPI package uuid7 to make the version 7 UUIDs of RFC 9562 section 5.7: 48 bits of Unix time in
# milliseconds first. uuid7 0.1.0 implements an early draft with 36 bits of seconds; the version nibble still says 7, so
# nothing refuses the value, but every RFC reader takes the time for a year after 2200 and the identifiers sort behind all
# genuine ones. It matters for keys, cursors and partitions by time that mix identifiers of two services: pages end early,
# retention keeps or drops the wrong rows. Instead: uuid-utils (or Python 3.14's uuid.uuid7), and a check on arrival that
# the time inside a version 7 UUID lies near now.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile uuid7==0.1.0 uuid-utils==1.2.0
venv/bin/python - <<'PY'
import datetime, uuid
from importlib.metadata import version

import uuid_extensions, uuid_utils

def year(value):
    milliseconds = uuid.UUID(str(value)).int >> 80
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=milliseconds)).year

draft, genuine = uuid_extensions.uuid7(), uuid_utils.uuid7()
print("uuid7", version("uuid7"), "uuid-utils", version("uuid-utils"), "version nibbles", draft.version, genuine.version)
print("expected: both carry the year", datetime.datetime.now(datetime.timezone.utc).year)
print("seen:     uuid7", year(draft), " uuid-utils", year(genuine))
same = draft.version == 7 and year(draft) > 2150 and year(genuine) == datetime.datetime.now(datetime.timezone.utc).year
raise SystemExit(0 if same else "the behaviour has changed")
PY
