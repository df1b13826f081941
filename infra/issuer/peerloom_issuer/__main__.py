"""python -m peerloom_issuer: serve the issuer, configured by the environment (see settings.py)."""

from __future__ import annotations

import sys
from collections.abc import Callable

import uvicorn
from pydantic import ValidationError

from peerloom_issuer import IssuerSettings, create_app


def main() -> int:
    """Serve until told to end; exit code 2 and one line for each setting that is wrong."""
    from_environment: Callable[..., IssuerSettings] = IssuerSettings
    try:
        settings = from_environment()
    except ValidationError as error:
        for finding in error.errors():
            name = "".join(f"PEERLOOM_ISSUER_{str(part).upper()}: " for part in finding["loc"])
            print(f"issuer: {name}{finding['msg']}", file=sys.stderr)
        return 2
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, access_log=False, timeout_graceful_shutdown=3)
    return 0


if __name__ == "__main__":
    sys.exit(main())
