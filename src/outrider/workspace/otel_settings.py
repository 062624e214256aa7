"""`[otel]` of `outrider.toml`: where runs are sent to as traces of OpenTelemetry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.workspace.secret_headers import as_bare_url, read_secret_headers

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from outrider.workspace.tables import Table


@dataclass(frozen=True, slots=True)
class OtelSettings:
    """Where runs are sent to.

    Attributes:
        endpoint: Base address of OTLP over HTTP; empty for nowhere.
        headers: Name of a secret of the workspace by the name of the header that has its value.
    """

    endpoint: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def read_otel(table: Table, secrets: Collection[str]) -> OtelSettings:
    """Return what `[otel]` says; problems are reported by the table."""
    endpoint = table.read("endpoint", as_bare_url, "")
    headers = read_secret_headers(table.section("headers"), secrets)
    table.close()
    return OtelSettings(endpoint, headers)
