"""`[telemetry]` of `outrider.toml`: where telemetry is taken, from whom, where it lies and how much of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from outrider.workspace.forward_settings import ForwardSettings, read_forward
from outrider.workspace.log_file_settings import LogFiles, read_logs
from outrider.workspace.outside_link_settings import read_links
from outrider.workspace.server_settings import as_networks
from outrider.workspace.tables import (
    Refused,
    Table,
    as_choice,
    as_count,
    as_duration_within,
    as_flag,
    as_text,
    as_texts,
    check_url,
)
from outrider.workspace.telemetry_cost import TelemetryKeep, read_budget, read_keep

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

_ADDRESS: Final = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<host>[^:\s/]+)):(?P<port>\d{1,5})")
_SIZE: Final = re.compile(r"(?P<number>\d{1,6}(?:\.\d{1,3})?) ?(?P<unit>[kMGT])B")
_UNITS: Final = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_EVERYWHERE: Final = {"0.0.0.0", "::"}  # noqa: S104  compared, not listened at
_LARGEST_PORT: Final = 65_535
_GRPC_PORT: Final = 4317
_DAY_S: Final = 86_400.0
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class Propagation(StrEnum):
    """How requests of journeys name the trace of their attempt: by a script in each document, or by routing them."""

    SCRIPT = "script"
    ROUTE = "route"


@dataclass(frozen=True, slots=True)
class TelemetrySettings:
    """Where telemetry is taken, from whom, where it lies and how much of it.

    Attributes:
        host: Address to listen at, with `port`, for OTLP over HTTP.
        networks: Whose machines may send without a token.
        clickhouse: Address of a server of ClickHouse; empty for the embedded engine.
        clickhouse_password: Name of a secret of the workspace.
        memory_bytes: Of the embedded engine, above which a query fails instead of the machine.
        readers: How many queries the embedded engine runs at a time.
        most_bytes: On disk, of all telemetry together; the oldest goes first.
        spool_bytes: Of what waits while the store is away.
        logs_s: For how long logs are kept; spans, metrics and rollups likewise.
        apdex_ms: Requests up to it satisfy, those up to four times as much are tolerable.
        least_free_bytes: Of the disk, below which nothing is taken and the oldest goes.
        keep: Which spans are kept.
        budget: Bytes of each signal a day, as they were sent without compression.
        grpc: Host and port to listen at for OTLP over gRPC; None for nowhere. `syslog` (TCP) and `syslog_udp` likewise.
        loki: Whether pushes of Loki's clients are taken; `ndjson`, whether lines are.
        links: Templates of addresses of other tools, by their names.
        files: Which files of logs are followed.
        forward: Where a copy of what is taken is sent to.
        propagate_to: Origins to which requests of journeys name the trace of their attempt.
        propagate_by: How they do.
        hide_addresses: Whether addresses of the internet count as personal data.
    """

    host: str = "127.0.0.1"
    port: int = 4318
    networks: tuple[str, ...] = ()
    clickhouse: str = ""
    clickhouse_password: str = ""
    memory_bytes: int = 10**9
    readers: int = 3
    most_bytes: int = 10 * 10**9
    spool_bytes: int = 10**9
    logs_s: float = 7 * _DAY_S
    spans_s: float = 3 * _DAY_S
    metrics_s: float = 30 * _DAY_S
    rollups_s: float = 395 * _DAY_S
    sessions_s: float = 30 * _DAY_S
    hide_addresses: bool = False
    propagate_to: tuple[str, ...] = ()
    propagate_by: Propagation = Propagation.SCRIPT
    grpc: tuple[str, int] | None = None
    syslog: tuple[str, int] | None = None
    syslog_udp: tuple[str, int] | None = None
    loki: bool = True
    ndjson: bool = True
    links: Mapping[str, str] = field(default_factory=dict)
    files: LogFiles = field(default_factory=LogFiles)
    apdex_ms: float = 500.0
    least_free_bytes: int = 10**9
    keep: TelemetryKeep = field(default_factory=TelemetryKeep)
    budget: Mapping[str, int] = field(default_factory=dict)
    forward: ForwardSettings = field(default_factory=ForwardSettings)


def read_telemetry(table: Table, secrets: Collection[str]) -> TelemetrySettings:
    """Return what `[telemetry]` says; problems are reported by the table.

    Args:
        table: The section.
        secrets: Names of the workspace's secrets.
    """
    usual = TelemetrySettings()
    host, port = table.read("listen", as_address, (usual.host, usual.port))
    kept = as_duration_within("1h", "3650d")
    logs_s, files = read_logs(table, kept, usual.logs_s)
    settings = TelemetrySettings(
        host=host,
        port=port,
        networks=table.read("networks", as_networks, usual.networks),
        clickhouse=table.read("clickhouse", _as_clickhouse, usual.clickhouse),
        clickhouse_password=table.read("clickhouse_password", as_text, usual.clickhouse_password),
        memory_bytes=table.read("memory", as_size("300 MB", "1 TB"), usual.memory_bytes),
        readers=table.read("readers", as_count(1, 64), usual.readers),
        most_bytes=table.read("disk", as_size("100 MB", "1000 TB"), usual.most_bytes),
        spool_bytes=table.read("spool", as_size("10 MB", "10 TB"), usual.spool_bytes),
        logs_s=logs_s,
        files=files,
        links=read_links(table.section("links")),
        grpc=table.read("grpc", _as_address_or_none, (host, _GRPC_PORT) if port == usual.port else None),
        syslog=table.read("syslog", _as_address_or_none, None),
        syslog_udp=table.read("syslog_udp", _as_address_or_none, None),
        loki=table.read("loki", as_flag, usual.loki),
        ndjson=table.read("ndjson", as_flag, usual.ndjson),
        spans_s=table.read("spans", kept, usual.spans_s),
        metrics_s=table.read("metrics", kept, usual.metrics_s),
        rollups_s=table.read("rollups", kept, usual.rollups_s),
        sessions_s=table.read("sessions", kept, usual.sessions_s),
        hide_addresses=table.read("hide_addresses", as_flag, usual.hide_addresses),
        propagate_to=table.read("propagate_to", _as_origins, usual.propagate_to),
        propagate_by=table.read("propagate_by", as_choice(Propagation), usual.propagate_by),
        least_free_bytes=table.read("free", as_size("10 MB", "100 TB"), usual.least_free_bytes),
        keep=read_keep(table.section("keep")),
        budget=read_budget(table.section("budget"), as_size("1 MB", "1000 TB")),
        forward=read_forward(table.section("forward"), secrets, as_size("10 MB", "10 TB"), [(host, port)]),
        apdex_ms=1000 * table.read("apdex", as_duration_within("1ms", "1h"), usual.apdex_ms / 1000),
    )
    if settings.clickhouse_password and settings.clickhouse_password not in secrets:
        name = settings.clickhouse_password
        fix = f'add {name} = {{env = "{name}"}} below [secrets]'
        table.report("clickhouse_password", "is not the name of a secret of this workspace", fix, "unknown-secret")
    _report_shared_addresses(table, settings)
    table.close()
    return settings


def _report_shared_addresses(table: Table, settings: TelemetrySettings) -> None:
    """Report what would listen where another does; UDP has addresses of its own."""
    taken: dict[str, tuple[str, int]] = {"listen": (settings.host, settings.port)}
    for name, address in (("grpc", settings.grpc), ("syslog", settings.syslog)):
        if address is None:
            continue
        for other, (host, port) in taken.items():
            if port and port == address[1] and (host == address[0] or {host, address[0]} & _EVERYWHERE):
                table.report(name, f"is where {other} is received, too", "name another port", "bad-address")
        taken[name] = address


def as_size(least: str, most: str) -> Callable[[object], int]:
    """Return an acceptor of sizes from `least` to `most`, as bytes."""
    smallest, largest = _bytes(least), _bytes(most)
    fix = f'write a size from "{least}" to "{most}", in kB, MB, GB or TB'

    def convert(value: object) -> int:
        if not isinstance(value, str) or not _SIZE.fullmatch(value):
            raise Refused("is not a size", fix)
        if not smallest <= _bytes(value) <= largest:
            raise Refused("is out of range", fix, "out-of-range")
        return _bytes(value)

    return convert


def _bytes(text: str) -> int:
    match = _SIZE.fullmatch(text)
    assert match is not None
    return round(float(match["number"]) * _UNITS[match["unit"]])


def as_address(value: object) -> tuple[str, int]:
    """Accept an address to listen at."""
    match = _ADDRESS.fullmatch(as_text(value))
    if match is None or int(match["port"]) > _LARGEST_PORT:
        raise Refused("is not an address to listen at", 'write it as "127.0.0.1:4318"', "bad-address")
    return match["six"] or match["host"], int(match["port"])


def _as_address_or_none(value: object) -> tuple[str, int] | None:
    """Accept an address to listen at, or "" for none."""
    return None if value == "" else as_address(value)


def _as_origins(value: object) -> tuple[str, ...]:
    """Accept origins as browsers write them: scheme, host, and a port that is not the scheme's own."""
    return tuple(dict.fromkeys(map(as_origin, as_texts(value))))


def as_origin(value: object) -> str:
    """Accept an origin, and return it as browsers write it."""
    url = as_text(value)
    check_url(url)
    parts = urlsplit(url)
    if parts.path not in {"", "/"} or parts.query or parts.fragment or "@" in parts.netloc or "*" in parts.netloc:
        fix = 'write scheme, host and port alone, such as "https://api.shop.example"'
        raise Refused(f"holds {url!r}, which is no origin", fix, "bad-url")
    host = parts.hostname or ""
    port = "" if parts.port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{parts.port}"
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"


def _as_clickhouse(value: object) -> str:
    url = as_text(value)
    check_url(url)
    if urlsplit(url).password is not None:
        fix = "name a secret in clickhouse_password, and leave the password out of the address"
        raise Refused("holds a password", fix, "bad-url")
    return url
