"""Where webhooks may lead: the guard against server-side request forgery.

A name is looked up once, every address it has is judged, and the connection is made to the very address that was judged: a name
server that says something else a moment later (DNS rebinding) is not asked again. TLS still verifies the name.
"""

import asyncio
import socket
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

import httpcore

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


class AddressRefused(httpcore.ConnectError):
    """A name leads into a network that webhooks may not reach."""


def may_be_reached(address: Address, allowed: Iterable[Network]) -> bool:
    """Whether an address is public, or in a network that the operator allows. IPv4 written as IPv6 is judged as IPv4."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is not None:
            address = inner
    if any(address in network for network in allowed):
        return True
    return address.is_global and not address.is_multicast


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to public addresses only, and to networks that are allowed."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = allowed
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the address that `host` has and that was judged.

        Raises: AddressRefused where one of its addresses may not be reached; httpcore.ConnectError, ConnectTimeout.
        """
        address = await self._judged(host, port, timeout)
        return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)

    async def _judged(self, host: str, port: int, seconds: float | None) -> str:
        try:
            async with asyncio.timeout(seconds):
                loop = asyncio.get_running_loop()
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except TimeoutError:
            raise httpcore.ConnectTimeout("its name was not found in time") from None
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("its name is not known") from error
        addresses = [str(one[4][0]).partition("%")[0] for one in found]
        if not addresses or not all(may_be_reached(ip_address(one), self._allowed) for one in addresses):
            raise AddressRefused("its name leads into a network that webhooks may not reach")
        return addresses[0]

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        """Never."""
        raise AddressRefused("a webhook is no local socket")

    async def sleep(self, seconds: float) -> None:
        """As its base class has it."""
        await asyncio.sleep(seconds)
