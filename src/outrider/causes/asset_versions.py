"""Which version of each script and style sheet a run's pages loaded, read from its HAR 1.2. Pure."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from outrider.causes.har_requests import MOST_BYTES
from outrider.causes.network_parts import path_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_KINDS: Final = frozenset({"script", "stylesheet"})
_MARKS: Final = ("etag", "last-modified", "content-length")
_MOST: Final = 500
_OFTEN: Final = 3
_CHARACTERS: Final = 200


def asset_versions(content: bytes) -> Mapping[str, str]:
    """Return what tells the version of each script and style sheet of a HAR: its name, and what its answer says of it.

    The key is its address without query, in which hashes of builds and numbers count as one. Damaged content has none.
    """
    versions: dict[str, str] = {}
    with suppress(ValueError, LookupError, TypeError, AttributeError, RecursionError):
        for entry in json.loads(content[:MOST_BYTES])["log"]["entries"][:_MOST]:
            response = entry["response"]
            if entry.get("_resourceType") in _KINDS and response["status"] == 200:
                url = urlsplit(str(entry["request"]["url"])[:_CHARACTERS])
                headers = {str(own["name"]).lower(): str(own["value"])[:_CHARACTERS] for own in response["headers"]}
                mark = next((headers[name] for name in _MARKS if headers.get(name)), "")
                versions[f"{url.hostname}{path_text(url.geturl())}"] = f"{url.path.rpartition('/')[2]} {mark}".strip()
    return versions


def asset_changes(loaded: Sequence[tuple[int, Mapping[str, str]]]) -> tuple[tuple[int, str, str, str], ...]:
    """Return when a run first had another version of an asset: time, name, version before and since.

    Assets that change from run to run are left out: they say nothing.

    Args:
        loaded: Of runs, the earliest first: when each was due, and what `asset_versions` says of it.
    """
    changes: dict[str, list[tuple[int, str, str, str]]] = {}
    last: dict[str, str] = {}
    for at_us, versions in loaded:
        for name, version in versions.items():
            if name in last and last[name] != version:
                changes.setdefault(name, []).append((at_us, name, last[name], version))
            last[name] = version
    return tuple(change for own in changes.values() if len(own) < _OFTEN for change in own)
