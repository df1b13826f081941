#!/usr/bin/env bash
# A good engineer expects two official SDKs to understand each other's headers. The HTTP binding of CloudEvents 1.0.2, section
# 3.1.3.2, has senders percent-encode characters outside printable ASCII (and space, quote and percent) and receivers decode
# them. cloudevents 2.2.0 for Python does both, cloudevents 10.0.0 for JavaScript neither: a subject "Zoë 50%" from Python
# arrives in JavaScript as "Zo%C3%AB%2050%25", and what JavaScript sends goes out raw, so that the Python reader decodes a
# percent sign that was never encoded: "50%25" becomes "50%". Names above U+00FF make Node's own HTTP client refuse the
# header. It matters for subjects and extensions taken from people's words. Instead: keep attributes to URL-safe ASCII
# identifiers and put every text into data, or use structured mode.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile cloudevents==2.2.0
npm install --silent --no-audit --no-fund --prefix . cloudevents@10.0.0 >/dev/null
cat > check.cjs <<'JS'
const { CloudEvent, HTTP } = require("cloudevents");
const [mode, value] = process.argv.slice(2);
if (mode === "read") console.log(HTTP.toEvent({ headers: JSON.parse(value), body: "{}" }).subject);
else console.log(HTTP.binary(new CloudEvent({ id: "1", source: "/x", type: "t", subject: value, data: {} })).headers["ce-subject"]);
JS
venv/bin/python - <<'PY'
import json, subprocess

from cloudevents.core.bindings import http
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

def javascript(*arguments):
    return subprocess.run(["node", "check.cjs", *arguments], capture_output=True, text=True, check=True).stdout.strip()

attributes = {"id": "1", "source": "/x", "type": "t", "specversion": "1.0", "subject": "Zoë 50%"}
message = http.to_binary(CloudEvent(attributes=attributes, data={}), JSONFormat())
read_in_javascript = javascript("read", json.dumps({**message.headers, "content-type": "application/json"}))
message.headers["ce-subject"] = javascript("write", "50%25")
read_in_python = http.from_binary(message, JSONFormat(), CloudEvent).get_attributes()["subject"]
print("cloudevents 2.2.0 (PyPI), 10.0.0 (npm)")
print("expected: Zoë 50% and 50%25")
print("seen:    ", read_in_javascript, "and", read_in_python)
raise SystemExit(0 if (read_in_javascript, read_in_python) == ("Zo%C3%AB%2050%25", "50%") else "the behaviour has changed")
PY
