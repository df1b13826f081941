#!/usr/bin/env bash
# A good engineer expects a Boolean attribute of a CloudEvent to travel as true or false in every mode: CloudEvents 1.0.2
# section 3.1 fixes these lower-case strings, and base64 for binary values. cloudevents 2.2.0 for Python writes str() of the
# value in binary mode, over HTTP and Kafka alike: "True", and b'\x00\x01' with the letter b and the quotes. In structured
# mode the same event says true, and its own reader hands "False" back as a string, which Python takes for true. It matters
# to consumers that filter on an attribute (a broker's subscription, a header filter in Kafka): "true" never matches.
# Instead: set extension attributes as strings, "true" or base64 text, before the event is built.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile cloudevents==2.2.0
venv/bin/python - <<'PY'
from importlib.metadata import version

from cloudevents.core.bindings import http, kafka
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

attributes = {"id": "1", "source": "/programs", "type": "match.proposed", "specversion": "1.0"}
event = CloudEvent(attributes={**attributes, "rehearsal": False, "digest": b"\x00\x01"}, data={"seats": 2})
by_http = http.to_binary(event, JSONFormat())
headers = [by_http.headers["ce-rehearsal"], by_http.headers["ce-digest"]]
by_kafka = kafka.to_binary(event, JSONFormat()).headers["ce_rehearsal"]
back = http.from_binary(by_http, JSONFormat(), CloudEvent).get_attributes()["rehearsal"]
print("cloudevents", version("cloudevents"))
print("expected: ['false', 'AAE='] b'false' False")
print("seen:    ", headers, by_kafka, repr(back), "which is", bool(back))
same = headers == ["False", "b'\\x00\\x01'"] and by_kafka == b"False" and back == "False"
raise SystemExit(0 if same else "the behaviour has changed")
PY
