"""Whether a request that changes something was made by a page of ours, and not by another site's in the same browser.

Browsers say in `Sec-Fetch-Site` (https://www.w3.org/TR/fetch-metadata/) and `Origin` which page a request comes from,
and no page can write these headers. A token of the session, which only our pages show, is asked for besides.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.requests import Request

    from outrider.server.request_body import RequestBody

FORM_TOKEN = "form_token"  # noqa: S105 - the name of a field
_TOKEN_HEADER = "x-form-token"  # noqa: S105
_OWN_SITES = frozenset({"same-origin", "none"})


def is_from_own_site(request: Request) -> bool:
    """Return whether nothing says that another site's page made the request."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site.strip().lower() in _OWN_SITES
    origin = request.headers.get("origin")
    return origin is None or _place(origin) == request.headers.get("host", "").lower()


def is_loaded_by_another_site(request: Request) -> bool:
    """Return whether another site's page loads an address into itself: as a picture, a frame, a script or by `fetch`.

    It could not read the answer, but learn from its time and size what the pages show, and have costly ones made. What
    leads a reader here, such as a link in a message, is let through.
    """
    headers = request.headers
    if headers.get("sec-fetch-site", "none").strip().lower() in _OWN_SITES:
        return False
    return (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")) != ("navigate", "document")


def is_from_program(request: Request) -> bool:
    """Return whether nothing says that a page made the request; for words alone, since browsers may be old."""
    return not any(name in request.headers for name in ("sec-fetch-site", "origin", "referer"))


def has_token(request: Request, body: RequestBody, token: str) -> bool:
    """Return whether a request carries the token of its session, in the form or in a header."""
    sent = body.fields.get(FORM_TOKEN) or request.headers.get(_TOKEN_HEADER, "")
    return bool(token) and hmac.compare_digest(sent.encode("utf-8", "replace"), token.encode())


def _place(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
