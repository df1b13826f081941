#!/usr/bin/env bash
# A good engineer expects an event stream that breaks off in the middle of an event to lose that event, to be sent again after
# the reconnect: the HTML standard, section 9.2.6, discards an incomplete event at the end of the stream. sseclient-py 1.9.0
# delivers it: with half its data lines, and with its id, so that a client which stores the id asks for what comes after it
# and never sees the rest. httpx-sse 0.4.3 drops it as the standard says. It matters at every rolling restart and load
# balancer timeout, when streams end at any byte. Instead: httpx-sse, or data of one line that is parsed as JSON before the
# id is stored.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile sseclient-py==1.9.0 httpx==0.28.1 httpx-sse==0.4.3
venv/bin/python - <<'PY'
from importlib.metadata import version

import httpx, httpx_sse, sseclient

cut = b"id: 1\ndata: first\n\nid: 2\ndata: second, first half\n"
by_sseclient = [(event.id, event.data) for event in sseclient.SSEClient([cut]).events()]
answer = httpx.MockTransport(lambda request: httpx.Response(200, content=cut, headers={"content-type": "text/event-stream"}))
with httpx.Client(transport=answer) as client, httpx_sse.connect_sse(client, "GET", "http://stream") as source:
    by_httpx = [(event.id, event.data) for event in source.iter_sse()]
print("sseclient-py", version("sseclient-py"), "httpx-sse", version("httpx-sse"))
print("expected:", by_httpx, "(httpx-sse)")
print("seen:    ", by_sseclient)
same = by_httpx == [("1", "first")] and by_sseclient == [("1", "first"), ("2", "second, first half")]
raise SystemExit(0 if same else "the behaviour has changed")
PY
