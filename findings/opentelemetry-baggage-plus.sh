#!/usr/bin/env bash
# A good engineer expects baggage to arrive as it was set when both ends use OpenTelemetry. W3C Baggage (section 3.3.1)
# percent-encodes values and knows no other escape: a plus is a plus, and what follows a semicolon is a property. Python's
# opentelemetry-api 1.45.2 encodes like an HTML form: "x y" travels as x+y, which JavaScript (@opentelemetry/core 2.12.1) reads as
# "x+y", and Python reads another sender's plus as a space: a time "09:00+02:00" loses its sign. A key with a space, which
# the specification does not allow, goes out as a+b, and properties are read as a part of the value: "1;p=x". It matters for
# tenants, times and experiment names passed along requests. Instead: values of letters, digits, dots and hyphens only.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile opentelemetry-api==1.45.2
npm install --silent --no-audit --no-fund --prefix . @opentelemetry/core@2.12.1 @opentelemetry/api@1.9.1 >/dev/null
cat > check.cjs <<'JS'
const { ROOT_CONTEXT, defaultTextMapGetter, propagation } = require("@opentelemetry/api");
const { W3CBaggagePropagator } = require("@opentelemetry/core");
const context = new W3CBaggagePropagator().extract(ROOT_CONTEXT, { baggage: process.argv[2] }, defaultTextMapGetter);
console.log(propagation.getBaggage(context).getAllEntries().map(([key, entry]) => `${key}=${entry.value}`).join());
JS
cat > check.py <<'PY'
import subprocess
from importlib.metadata import version

from opentelemetry import baggage
from opentelemetry.baggage.propagation import W3CBaggagePropagator

def read_in_javascript(header):
    return subprocess.run(["node", "check.cjs", header], capture_output=True, text=True, check=True).stdout.strip()

sent = {}
W3CBaggagePropagator().inject(sent, baggage.set_baggage("program", "peer pairs"))
from_python = read_in_javascript(sent["baggage"])
header = "start=09:00+02:00,tenant=acme;region=eu"
in_python = dict(baggage.get_all(W3CBaggagePropagator().extract({"baggage": header})))
print("opentelemetry-api", version("opentelemetry-api"), "@opentelemetry/core 2.12.1")
print("expected: program=peer pairs and", read_in_javascript(header), "(JavaScript)")
print("seen:    ", from_python, "and", in_python)
same = from_python == "program=peer+pairs" and in_python == {"start": "09:00 02:00", "tenant": "acme;region=eu"}
raise SystemExit(0 if same else "the behaviour has changed")
PY
venv/bin/python check.py
