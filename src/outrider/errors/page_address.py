"""Addresses in what clients send: which values are some, and they without what a query may tell of a person. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from outrider.model import known_query

if TYPE_CHECKING:
    from collections.abc import Collection

ADDRESS_NAMES: Final = frozenset(
    {
        "url", "uri", "href", "referer", "referrer", "from", "to", "http.url", "http.referer", "http.target",
        "url.full", "document-uri", "documenturl", "blocked-uri", "blockedurl",
    }
)  # fmt: skip
"""Of attributes and fields, in small letters."""
FILE_NAMES: Final = frozenset({"abs_path", "filename", "code_file", "source-file", "sourcefile"})
"""Of those that name a file, or a script by its address."""
QUERY_NAMES: Final = frozenset(
    {"query_string", "http.query", "url.query", "http.fragment", "url.fragment"}
)  # fmt: skip
_OF_WEB: Final = ("http://", "https://")


def without_query(text: str, names: Collection[str] = ()) -> str:
    """Return an address, whole or a path, without its fragment, and with the parameters of these names alone."""
    plain, _, query = text.partition("#")[0].partition("?")
    kept = known_query(query, names) if query and names else ""
    return f"{plain}?{kept}" if kept else plain


def script_without_query(text: str) -> str:
    """Return the address of a script without query and fragment; a path of a file as it is."""
    return without_query(text) if text.startswith(_OF_WEB) else text
