"""Free TCP ports on 127.0.0.1."""

from __future__ import annotations

import random
import socket

# Below the ports that Linux gives to outgoing connections (32768 and up): a client that calls a dead server there could
# be given the server's own port, and the server could not come back.
CANDIDATES = range(10240, 32768)


def port_is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port` now."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """`count` different ports that are free now; picked at random, so that parallel callers rarely meet."""
    shuffled = random.sample(CANDIDATES, len(CANDIDATES))
    return [port for port, _ in zip(filter(port_is_free, shuffled), range(count), strict=False)]
