"""Links to what other tools know of the same trace, session, user or time, by the templates of a workspace."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.model import StackFrame

_PLACE: Final = re.compile(r"\{([a-z_]+)\}")
_COMMIT: Final = re.compile(r"(?<![0-9a-zA-Z])(?=[a-f]*[0-9])[0-9a-f]{7,40}(?![0-9a-zA-Z])")
_MARGIN_MS: Final = 60_000
"""Before and after: other tools' clocks, and what they received late."""


@dataclass(frozen=True, slots=True)
class OutsideLink:
    """A link to another tool, which has this name."""

    name: str
    href: str


def outside_links(
    templates: Mapping[str, str], values: Mapping[str, str], *, needed: str = ""
) -> tuple[OutsideLink, ...]:
    """Return the links of those templates whose places all have a value.

    Args:
        templates: Address by name, with places such as `{trace}`.
        values: What stands in them; empty where it is not known.
        needed: A place without which a template gives no link.
    """
    links = []
    for name, template in templates.items():
        places = set(_PLACE.findall(template))
        if all(values.get(place) for place in places) and (not needed or needed in places):
            href = _PLACE.sub(lambda match: quote(values[match[1]], safe=""), template)
            links.append(OutsideLink(name, href))
    return tuple(links)


def code_link(template: str, frame: StackFrame, release: str) -> str:
    """Return the address of a frame's line; "" where the template, or what its places need, is missing.

    The commit is what looks like one in the name of the release: seven to forty hexadecimal digits, a digit among them.
    """
    if not frame.in_app or not frame.line or not frame.path or frame.path.startswith("/") or "://" in frame.path:
        return ""
    commit = _COMMIT.search(release)
    values = {
        "path": frame.path.removeprefix("./"), "line": str(frame.line), "commit": commit[0] if commit else "",
        "release": release.rpartition("@")[2],
    }  # fmt: skip
    if not all(values.get(place) for place in _PLACE.findall(template)):
        return ""
    return _PLACE.sub(lambda match: quote(values[match[1]], safe="/"), template)


def commit_link(template: str, commit: str, path: str) -> str:
    """Return the address of a file as a commit left it; "" where the template has no place for a commit."""
    if not {"commit", "path"} <= set(_PLACE.findall(template)) <= {"commit", "path", "line"}:
        return ""
    values = {"commit": commit, "path": path, "line": "1"}
    return _PLACE.sub(lambda match: quote(values[match[1]], safe="/"), template)


def times(start_ms: int, end_ms: int) -> dict[str, str]:
    """Return the places of a time, milliseconds since 1970, with a minute before and after."""
    return {"from_ms": str(start_ms - _MARGIN_MS), "until_ms": str(end_ms + _MARGIN_MS)}
