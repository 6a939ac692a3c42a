"""Where a redirect may lead: to another path of the same host, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatdesk.errors import RedirectRefused
from heatdesk.net.replies import clean

if TYPE_CHECKING:
    import httpx


def redirect_of(
    url: httpx.URL, location: str, provider: str, title: str
) -> httpx.URL | RedirectRefused:
    """Resolve a redirect; keys never leave the host they belong to."""
    import httpx

    try:
        target = url.join(location)
    except (httpx.InvalidURL, ValueError):
        target = None
    if target is None or not location:
        text = f"{title} redirects to nowhere; check the base URL in the settings."
        return RedirectRefused(provider, text)
    if _origin(target) == _origin(url):
        return target
    return RedirectRefused(
        provider,
        f"{title} redirects to another address ({clean(_origin_text(target))}); it was"
        " not followed and no key was sent there. Check the base URL in the settings.",
    )


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    default = {"http": 80, "https": 443}.get(url.scheme)
    return url.scheme, url.host, url.port or default


def _origin_text(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.host}" + (f":{url.port}" if url.port else "")
