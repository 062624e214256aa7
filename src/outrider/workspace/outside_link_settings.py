"""Addresses of other tools (`[telemetry.links]`) and of code (`[errors] code_url`), with places to be filled in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from outrider.workspace.tables import Refused, as_text, check_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.workspace.tables import Table

PLACES: Final = (
    "trace", "service", "session", "user", "run", "check", "environment", "release", "from_ms", "until_ms",
)  # fmt: skip
CODE_PLACES: Final = ("path", "line", "commit", "release")
_PLACE: Final = re.compile(r"\{([a-z_]+)\}")


def read_links(table: Table) -> Mapping[str, str]:
    """Return the templates of addresses by the names of their tools, in the order of the file."""
    links = {name: table.read(name, _as_template, "") for name in table.data}
    table.close()
    return {name: template for name, template in links.items() if template}


def as_code_url(value: object) -> str:
    """Accept the template of an address of a line of code."""
    return _as_template(value, CODE_PLACES)


def _as_template(value: object, known: Sequence[str] = PLACES) -> str:
    template = as_text(value)
    places = _PLACE.findall(template)
    fix = f"write it whole, with places such as {{{known[0]}}}: {', '.join(known)}"
    if unknown := next((place for place in places if place not in known), ""):
        raise Refused(f"has an unknown place {{{unknown}}}", fix, "bad-url")
    if not places:
        raise Refused("has no place for what it is asked for", fix, "bad-url")
    host = template.partition("//")[2].partition("/")[0]
    if _PLACE.search(host):
        raise Refused("has a place in its host", fix, "bad-url")
    check_url(template)
    return template
