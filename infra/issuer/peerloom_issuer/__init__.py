"""A small OAuth 2.0 issuer for local development. See the README beside this package."""

from peerloom_issuer.app import create_app
from peerloom_issuer.settings import IssuerSettings

__all__ = ["IssuerSettings", "create_app"]
