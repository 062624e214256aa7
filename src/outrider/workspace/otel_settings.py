"""`[otel]` of `outrider.toml`: where runs are sent to as traces of OpenTelemetry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.workspace.tables import Refused, as_text, check_url

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
    endpoint = table.read("endpoint", _as_endpoint, "")
    below = table.section("headers")
    headers = {name: below.read(name, as_text, "") for name in below.data}
    for name, secret in headers.items():
        if secret and secret not in secrets:
            fix = f'add {secret} = {{env = "{secret}"}} below [secrets]'
            below.report(name, "is not the name of a secret of this workspace", fix, "unknown-secret")
    table.close()
    return OtelSettings(endpoint, headers)


def _as_endpoint(value: object) -> str:
    url = as_text(value)
    check_url(url)
    if "@" in url.partition("//")[2].partition("/")[0]:
        raise Refused("holds a password", "send it as a header, by the name of a secret", "bad-url")
    return url
