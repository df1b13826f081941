"""What our API is compared with: the least that FastAPI does for a request, and the least that uvicorn does."""

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

app = FastAPI()


@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"hello": "world"}


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI without a framework: shows what the load generator could carry."""
    if scope["type"] != "http":
        return
    headers = [(b"content-type", b"application/json"), (b"content-length", b"17")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"hello":"world"}'})
