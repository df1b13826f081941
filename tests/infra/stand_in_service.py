"""A service of the shape that `up` expects, with nothing behind it: `python -m stand_in_service migrate | all`."""

import asyncio
import json
import os
import sys
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer

import asyncpg


async def migrate() -> None:
    if os.environ.get("STAND_IN_FAILS"):
        sys.exit("the stand-in was told to fail")
    connection = await asyncpg.connect(os.environ["PEERLOOM_DATABASE_URL"])
    await connection.execute("CREATE EXTENSION btree_gist")
    await connection.execute("CREATE TABLE heard (id uuid PRIMARY KEY)")
    await connection.close()


class Api(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.answer(200 if self.path == "/health/ready" else 404, {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        wanted = self.path == "/v1/organisations" and self.headers["Idempotency-Key"] and body["name"]
        authorised = self.headers["Authorization"].startswith("Bearer ")
        self.answer(201 if wanted and authorised else 400, {"id": str(uuid.uuid4())})

    def answer(self, status: int, body: dict[str, str]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


if __name__ == "__main__":
    if sys.argv[1] == "migrate":
        asyncio.run(migrate())
    else:
        HTTPServer((os.environ["PEERLOOM_HTTP_HOST"], int(os.environ["PEERLOOM_HTTP_PORT"])), Api).serve_forever()
