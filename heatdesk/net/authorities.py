"""Whom a secure connection trusts: read once for all of them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl


@cache
def trusted_authorities() -> ssl.SSLContext:
    """Read the authorities once: it takes longer than most requests."""
    import httpx

    return httpx.create_ssl_context()
