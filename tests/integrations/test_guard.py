"""Webhooks lead to public networks only, whatever a name server says when."""

import asyncio
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Any

import httpcore
import pytest

from integrations_service.delivering.guard import AddressRefused, GuardedNetwork, may_be_reached
from integrations_service.delivering.sender import WebhookSender
from integrations_service.domain.webhooks import Secret, UrlNotAllowed, Webhook, WebhookState, refuse_address
from integrations_service.settings import Settings
from peerloom_service.identifiers import new_id
from tests.integrations.receivers import a_receiver


def a_webhook(url: str) -> Webhook:
    return Webhook(new_id(), 1, url, "", [], WebhookState.ENABLED, None, [Secret.new()], datetime.now(UTC))


def settings(**changed: Any) -> Settings:
    return Settings(
        environment="local",
        database_url="postgresql://nobody@127.0.0.1/none",
        kafka_bootstrap="none:1",
        auth_issuer="http://none",
        webhook_timeout_seconds=2,
        **changed,
    )


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.5.5",
        "192.168.1.1",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "::ffff:10.0.0.1",
        "fd00::1",
        "fe80::1",
        "2002:a00:1::",
        "ff02::1",
        "::",
    ],
)
def test_what_is_not_public_is_not_reached(address: str) -> None:
    assert not may_be_reached(ip_address(address), ())


def test_public_networks_and_those_that_are_allowed_are_reached() -> None:
    assert may_be_reached(ip_address("93.184.215.14"), ())
    assert may_be_reached(ip_address("2606:2800:21f:cb07:6820:80da:af6b:8b2c"), ())
    assert may_be_reached(ip_address("10.1.2.3"), [ip_network("10.1.0.0/16")])
    assert not may_be_reached(ip_address("10.2.2.3"), [ip_network("10.1.0.0/16")])


async def test_a_receiver_on_this_machine_gets_nothing_by_any_of_its_names() -> None:
    async with a_receiver() as receiver, WebhookSender.opened(settings()) as sender:
        port = receiver.url.rsplit(":", 1)[1].partition("/")[0]
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433"):
            outcome = await sender.send(a_webhook(f"http://{host}:{port}/"), "id", b"{}")
            assert outcome.attempt.problem == "its name leads into a network that webhooks may not reach", host
        assert receiver.got == []

    async with a_receiver() as receiver, WebhookSender.opened(settings(webhook_networks=["127.0.0.0/8"])) as sender:
        assert (await sender.send(a_webhook(receiver.url), "id", b"{}")).attempt.problem is None


def _names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> Callable[[], int]:
    """A name server that says one thing first and another later; returns how often it was asked."""
    asked = 0

    async def getaddrinfo(_host: str, port: int, **_: Any) -> list[Any]:
        nonlocal asked
        asked += 1
        said = answers[min(asked, len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in said]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    return lambda: asked


async def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _names(monkeypatch, ["93.184.215.14", "10.0.0.1"])

    with pytest.raises(AddressRefused):
        await GuardedNetwork(()).connect_tcp("example.com", 80, timeout=1)


async def test_the_address_that_was_judged_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: asked again, the name server would say something else. It is asked once."""
    connected: list[str] = []

    class Wire:
        async def connect_tcp(self, host: str, *_: Any) -> httpcore.AsyncNetworkStream:
            connected.append(host)
            raise httpcore.ConnectError

    asked = _names(monkeypatch, ["93.184.215.14"], ["127.0.0.1"])
    network = GuardedNetwork(())
    network._inner = Wire()  # type: ignore[assignment]

    with pytest.raises(httpcore.ConnectError):
        await network.connect_tcp("example.com", 443, timeout=1)

    assert (connected, asked()) == (["93.184.215.14"], 1)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https://",
        "https://user@example.com/",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://example.com/#part",
        "https://exa mple.com/",
        "https://example.com:99999/",
        "//example.com",
        "https://ex\u00e4mple.com",
    ],
)
def test_such_an_address_is_not_registered(url: str) -> None:
    with pytest.raises(UrlNotAllowed):
        refuse_address(url, http_allowed=False)


def test_a_public_https_address_is_registered() -> None:
    refuse_address("https://hooks.example.com:8443/peerloom?key=1", http_allowed=False)
