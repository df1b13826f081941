#!/usr/bin/env bash
# A good engineer expects an event's data to arrive whatever JSON value it is: CloudEvents' JSON format, section 3.1, lets
# data be any JSON value. cloudevents 10.0.0 (npm) writes 0, false, "" and null correctly in structured mode and then reads
# each of them back as no data at all; in binary mode the same SDK keeps 0 and false but refuses its own body for 5 with a
# TypeError. It matters for small events such as "seats left: 0" or "paused: false", whose meaning is exactly the falsy
# value: the consumer sees undefined and falls back to its default. Instead: make data always an object, {"seats": 0}.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
npm install --silent --no-audit --no-fund --prefix . cloudevents@10.0.0 >/dev/null
cat > check.cjs <<'JS'
const { CloudEvent, HTTP } = require("cloudevents");
const event = (data) => new CloudEvent({ id: "1", source: "/programs", type: "seats.left", datacontenttype: "application/json", data });
const sent = [5, 0, false, "", null, { seats: 0 }];
const structured = sent.map((data) => HTTP.toEvent(HTTP.structured(event(data))).data);
const onWire = sent.map((data) => JSON.parse(HTTP.structured(event(data)).body).data);
console.log("cloudevents 10.0.0");
console.log("expected:", sent, "as on the wire:", JSON.stringify(onWire) === JSON.stringify(sent));
console.log("seen:    ", structured);
const lost = structured.slice(1, 5).every((data) => data === undefined);
if (!lost || structured[0] !== 5 || structured[5].seats !== 0) throw new Error("the behaviour has changed");
JS
node check.cjs
