#!/usr/bin/env bash
# A good engineer expects a byte order mark at the start of an event stream to be skipped: the HTML standard, section 9.2.5,
# decodes the stream with "UTF-8 decode", which removes one. httpx-sse 0.4.3 and sseclient-py 1.9.0 take it for a part of the
# first field's name, which they then do not know, so that exactly the first event of every connection is lost. Browsers,
# whose decoder removes it, see the event. It matters behind servers that write the mark, as .NET's default UTF-8 writer
# does: the first event after each reconnect is missing, and only for Python consumers. Instead: begin every stream with a
# comment line, ":", which takes the mark with it.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile sseclient-py==1.9.0 httpx==0.28.1 httpx-sse==0.4.3
venv/bin/python - <<'PY'
from importlib.metadata import version

import httpx, httpx_sse, sseclient

def by_sseclient(stream):
    return [event.data for event in sseclient.SSEClient([stream]).events()]

def by_httpx(stream):
    answer = httpx.MockTransport(lambda request: httpx.Response(200, content=stream, headers={"content-type": "text/event-stream"}))
    with httpx.Client(transport=answer) as client, httpx_sse.connect_sse(client, "GET", "http://stream") as source:
        return [event.data for event in source.iter_sse()]

mark, events = b"\xef\xbb\xbf", b"data: first\n\ndata: second\n\n"
print("sseclient-py", version("sseclient-py"), "httpx-sse", version("httpx-sse"))
print("expected: ['first', 'second'] twice")
print("seen:    ", by_sseclient(mark + events), by_httpx(mark + events))
print("with a comment line first:", by_sseclient(mark + b":\n\n" + events), by_httpx(mark + b":\n\n" + events))
lost = by_sseclient(mark + events) == by_httpx(mark + events) == ["second"]
cured = by_sseclient(mark + b":\n\n" + events) == by_httpx(mark + b":\n\n" + events) == ["first", "second"]
raise SystemExit(0 if lost and cured else "the behaviour has changed")
PY
