"""A request leaves one line in the log: enough to find it and its consequences, and nothing of what was sent."""

import json
from uuid import UUID

import httpx
from ledgers import Ledger, an_account

from tests.support import Surroundings


async def test_a_request_leaves_one_line_with_its_route_client_and_correlation(
    own_ledger: Ledger, surroundings: Surroundings, tenant: UUID
) -> None:
    token = surroundings.issuer.token(tenant, ["accounts:write", "accounts:read"], client_id="payroll")
    headers = {"Authorization": f"Bearer {token}", "X-Correlation-Id": "order-66"}
    body = an_account()
    async with own_ledger.process("api") as api, httpx.AsyncClient(base_url=api.url, headers=headers) as client:
        created = await client.post("/v1/accounts?dry=7", json=body, headers={"Idempotency-Key": "secret-key"})
        await client.get(created.headers["location"])
        await client.get("/v1/accounts/nobody")
        await client.get("/health/live")
        await client.get("/nowhere", headers={"Authorization": ""})

    output = own_ledger.output.read_text()
    lines = [line for line in map(json.loads, output.splitlines()) if line["event"] == "request"]
    facts = ("method", "route", "status", "client_id", "correlation_id")
    assert [tuple(line[fact] for fact in facts) for line in lines] == [
        ("POST", "/v1/accounts", 201, "payroll", "order-66"),
        ("GET", "/v1/accounts/{account_id}", 200, "payroll", "order-66"),
        ("GET", "/v1/accounts/{account_id}", 422, "payroll", "order-66"),
        ("GET", "", 404, "", "order-66"),
    ]
    assert all(line["duration_ms"] > 0 and line["level"] == "info" and line["timestamp"] for line in lines)
    for unsaid in (body["name"], "secret-key", "dry", created.json()["id"], token):
        assert unsaid not in output


async def test_where_only_warnings_are_logged_requests_leave_no_line(own_ledger: Ledger) -> None:
    async with own_ledger.process("api", PEERLOOM_LOG_LEVEL="WARNING") as api, httpx.AsyncClient(base_url=api.url) as client:
        assert (await client.get("/v1/accounts/nobody")).status_code == 401

    assert '"request"' not in own_ledger.output.read_text()
