"""`[errors]` of `outrider.toml`: where errors are taken, and how much of the disk they may have."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from outrider.workspace.outside_link_settings import as_code_url
from outrider.workspace.tables import Refused, as_count, as_flag, as_texts
from outrider.workspace.telemetry_settings import as_address, as_origin, as_size

if TYPE_CHECKING:
    from outrider.workspace.tables import Table

_PARAMETER: Final = re.compile(r"[\w.\[\]-]{1,60}", re.ASCII)
_MOST_PARAMETERS: Final = 20


@dataclass(frozen=True, slots=True)
class PageSettings:
    """What says something of a page in a quarter of an hour.

    Attributes:
        sessions: So many visits at least.
        networks: From so many networks at least.
    """

    sessions: int = 20
    networks: int = 5


@dataclass(frozen=True, slots=True)
class ErrorSettings:
    """Where errors are taken, and how much of the disk they may have.

    Attributes:
        host: Address to listen at, with `port`.
        url: Origin by which clients reach it, such as "https://errors.shop.example"; empty for the address itself.
        spool_bytes: Of what waits to be read and stored.
        least_free_bytes: Of the disk, below which nothing is taken.
        source_map_bytes: Of all source maps together.
        attachment_bytes: Of all attachments of events together; 0 for none.
        replay_bytes: Of all replays together.
        replay_bytes_per_day: Of a project's replays that come in within a UTC day.
        telemetry_bytes_per_day: Of spans, logs, metrics and sessions that a project's pages send within a UTC day.
        query: Names of parameters that stay in addresses of pages and requests; all others of a query are dropped.
        code_url: Template of the address of a line of code; empty for none.
        hide_addresses: Whether addresses of the internet count as personal data.
        otlp: Whether exceptions in the telemetry of services are errors, too.
        runs: Whether what journeys, probes and loads meet is, too.
        pages: When pages of real users are judged.
    """

    host: str = "127.0.0.1"
    port: int = 4319
    url: str = ""
    spool_bytes: int = 500 * 10**6
    least_free_bytes: int = 10**9
    source_map_bytes: int = 5 * 10**9
    attachment_bytes: int = 10**9
    replay_bytes: int = 5 * 10**9
    replay_bytes_per_day: int = 500 * 10**6
    telemetry_bytes_per_day: int = 2 * 10**9
    query: tuple[str, ...] = ()
    code_url: str = ""
    hide_addresses: bool = False
    otlp: bool = True
    runs: bool = True
    pages: PageSettings = field(default_factory=PageSettings)

    @property
    def origin(self) -> str:
        """By what clients reach it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.url or f"http://{host}:{self.port}"


def read_errors(table: Table) -> ErrorSettings:
    """Return what `[errors]` says; problems are reported by the table."""
    usual = ErrorSettings()
    host, port = table.read("listen", as_address, (usual.host, usual.port))
    settings = ErrorSettings(
        host=host,
        port=port,
        url=table.read("url", as_origin, usual.url),
        spool_bytes=table.read("spool", as_size("10 MB", "10 TB"), usual.spool_bytes),
        least_free_bytes=table.read("free", as_size("10 MB", "100 TB"), usual.least_free_bytes),
        source_map_bytes=table.read("source_maps", as_size("10 MB", "10 TB"), usual.source_map_bytes),
        attachment_bytes=table.read("attachments", as_size("0 MB", "10 TB"), usual.attachment_bytes),
        replay_bytes=table.read("replays", as_size("10 MB", "10 TB"), usual.replay_bytes),
        replay_bytes_per_day=table.read("replays_per_day", as_size("1 MB", "10 TB"), usual.replay_bytes_per_day),
        telemetry_bytes_per_day=table.read(
            "telemetry_per_day", as_size("1 MB", "10 TB"), usual.telemetry_bytes_per_day
        ),
        query=table.read("query", _as_parameters, usual.query),
        code_url=table.read("code_url", as_code_url, usual.code_url),
        hide_addresses=table.read("hide_addresses", as_flag, usual.hide_addresses),
        otlp=table.read("otlp", as_flag, usual.otlp),
        runs=table.read("runs", as_flag, usual.runs),
        pages=PageSettings(
            table.read("page_sessions", as_count(5, 10_000), usual.pages.sessions),
            table.read("page_networks", as_count(1, 10_000), usual.pages.networks),
        ),
    )
    table.close()
    return settings


def _as_parameters(value: object) -> tuple[str, ...]:
    names = as_texts(value)
    if len(names) > _MOST_PARAMETERS or not all(_PARAMETER.fullmatch(name) for name in names):
        raise Refused("is no list of at most 20 names of parameters", 'write such as ["page", "sort"]', "out-of-range")
    return names
