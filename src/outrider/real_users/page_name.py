"""The name of a page: its path with a star for each part that looks like an identifier."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from outrider.model import known_query

if TYPE_CHECKING:
    from collections.abc import Sequence

_IDENTIFIER: Final = re.compile(r"\d+|[^/]*(?:\d{3}|[0-9a-fA-F]{8})[^/.]*")
_MOST_PARTS: Final = 12


@lru_cache(maxsize=4_096)
def page_name(url: str) -> str:
    """Return the name of a page; "/" for what is no address."""
    try:
        path = urlsplit(url).path
    except ValueError:
        path = ""
    parts = [part for part in path.split("/") if part]
    named = ["*" if _IDENTIFIER.fullmatch(part) else part for part in parts[:_MOST_PARTS]]
    return "/" + "/".join(named) + ("/…" if len(parts) > _MOST_PARTS else "")


@lru_cache(maxsize=4_096)
def bare_url(text: str) -> str:
    """Return an address of the web without credentials, query and fragment; "" for what is none."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not host:
        return ""
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{f':{port}' if port else ''}{parts.path}"


def known_url(text: str, names: Sequence[str]) -> str:
    """Return an address as `bare_url` does, with those parameters of its query that have one of these names."""
    url = bare_url(text)
    if not url or not names:
        return url
    query = known_query(urlsplit(text).query, names)
    return f"{url}?{query}" if query else url
