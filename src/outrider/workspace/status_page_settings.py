"""`[status_page]` of `outrider.toml`: what the public status page shows, under which names, and where."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from outrider.workspace.tables import Refused, Table, as_count, as_text, as_texts, check_url

if TYPE_CHECKING:
    from outrider.model import Place

_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")
TAKEN_PARTS = frozenset(
    {
        "account", "acknowledge", "annotations", "api", "audit", "checks", "dashboards", "errors", "gates", "healthz",
        "heartbeat", "hosts", "incidents", "live", "logs", "metrics", "on-call", "ping", "readyz", "related",
        "releases", "replays", "reports", "runbooks", "runs", "search", "service", "services", "sessions", "settings",
        "sign-in", "sign-out", "silences", "static", "status-page", "tokens", "traces", "views", "vitals",
        "what-would-happen", "without-data",
    }
)  # fmt: skip
"""First parts of the paths of all routes that the server has; rooms import downward, so a test compares them."""

_MOST_NAME = 100
_MOST_TEXT = 1_000
MOST_COMPONENTS = 200
_NO_TEXTS: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusComponent:
    """A part of the system as the public knows it.

    Attributes:
        name: For the public.
        group: Heading that it stands below; components of one group stand together. Empty for none.
        description: For the public; may be empty.
        patterns: Checks that tell its state.
        places: Where each pattern stands.
        announcement: Text of an incident that the page opens by itself with one of these checks; empty for none.
    """

    name: str
    group: str
    description: str
    patterns: tuple[str, ...]
    places: tuple[Place, ...] = ()
    announcement: str = ""

    @property
    def id(self) -> str:
        """What tells it from others in addresses: of its names alone, so that it stays when others come and go."""
        return sha256(f"{self.group}\0{self.name}".encode("utf-8", "surrogatepass")).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class StatusPageSettings:
    """The public status page.

    Attributes:
        title: Its heading.
        description: Below it; may be empty.
        url: Address at which the public reads it, for the feed; empty if that is not known.
        host: Where a listener of its own listens; empty for the address of the pages.
        port: Of a listener of its own; 0 if the page lies at `path` of the pages' address.
        path: Where it lies at the pages' address.
    """

    title: str
    description: str = ""
    url: str = ""
    host: str = ""
    port: int = 0
    path: str = "/status"
    components: tuple[StatusComponent, ...] = ()


def read_status_page(top: Table) -> StatusPageSettings | None:
    """Return what `[status_page]` says; None without it. Problems are reported by the table."""
    table = top.section("status_page")
    if "status_page" not in top.data:
        return None
    usual = StatusPageSettings("")
    settings = StatusPageSettings(
        title=table.require("title", _as_name, "", '"Shop status"'),
        description=table.read("description", as_public_text, ""),
        url=table.read("url", _as_address, ""),
        host=table.read("host", as_text, ""),
        port=table.read("port", as_count(0, 65_535), usual.port),
        path=table.read("path", _as_path, usual.path),
        components=_components(table),
    )
    if settings.host and not settings.port:
        table.report("host", "has no port beside it", "add port = 8720, or remove host", "missing-key")
    if not settings.components:
        fix = 'add [[status_page.component]] with a name and match = ["tag:shop"]'
        table.report("component", "is missing: the page would be empty", fix, "missing-key")
    table.close()
    return settings


def _components(table: Table) -> tuple[StatusComponent, ...]:
    sections = table.sections("component")
    components, known = [], set()
    for section in sections[:MOST_COMPONENTS]:
        component = _component(section)
        if component.name and component.id in known:
            fix = "rename one of them, or write all patterns in one match"
            section.report("name", f'= "{component.name}" is the name of another component', fix, "duplicate-name")
        known.add(component.id)
        components.append(component)
    if len(sections) > MOST_COMPONENTS:
        table.report("component", f"has more than {MOST_COMPONENTS} entries", "show groups of checks", "out-of-range")
    return tuple(components)


def _component(table: Table) -> StatusComponent:
    patterns = table.require("match", as_texts, _NO_TEXTS, '["tag:shop"], patterns over checks')
    is_list = isinstance(table.data.get("match"), list)
    numbers = range(len(patterns))
    component = StatusComponent(
        name=table.require("name", _as_name, "", '"Checkout"'),
        group=table.read("group", _as_name, ""),
        description=table.read("description", as_public_text, ""),
        patterns=patterns,
        places=tuple(table.place("match", number) if is_list else table.place("match") for number in numbers),
        announcement=table.read("announce", as_public_text, ""),
    )
    table.close()
    return component


def _as_name(value: object) -> str:
    """Accept a name that the public reads; two spellings of one name in Unicode are the same."""
    return _public(value, _MOST_NAME)


def as_public_text(value: object) -> str:
    """Accept a text that the public reads; may be empty."""
    return _public(value, _MOST_TEXT) if value != "" else ""


def _public(value: object, most: int) -> str:
    text = unicodedata.normalize("NFC", as_text(value)).strip()
    if len(text) > most:
        raise Refused(f"has {len(text)} characters", f"write at most {most}", "out-of-range")
    return text


def _as_address(value: object) -> str:
    url = as_text(value)
    check_url(url)
    return url if url.endswith("/") else f"{url}/"


def _as_path(value: object) -> str:
    text = as_text(value).rstrip("/")
    parts = text.split("/")
    if not _PATH.fullmatch(text) or {".", ".."} & set(parts):
        raise Refused("is not a path of the pages' address", 'write it as "/status"', "bad-base-path")
    if parts[1] in TAKEN_PARTS:
        raise Refused(f'begins with "/{parts[1]}", where other pages are', 'write it as "/status"', "bad-base-path")
    return text
