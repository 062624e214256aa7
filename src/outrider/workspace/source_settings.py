"""`[sources.NAME]` of `outrider.toml`: where traces, logs and series are kept already."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from outrider.model import SourceKind
from outrider.workspace.promql_text import as_promql
from outrider.workspace.secret_headers import as_bare_url, read_secret_headers
from outrider.workspace.tables import as_choice, as_duration_within, as_text

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from outrider.workspace.tables import Table

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_AS_TIMEOUT = as_duration_within("100ms", "30s", "pages and incidents wait for it")
_MOST: Final = 20
_SELECTORS: Final = {
    SourceKind.LOKI: '{service_name=~".+"}',
    SourceKind.ELASTICSEARCH: "logs-*,filebeat-*",
    SourceKind.SENTRY: "",
    SourceKind.PROMETHEUS: "",
}


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """A server that is read from.

    Attributes:
        url: Base address, to which the paths of its API are added.
        headers: Pairs of a header's name and the secret of the workspace that is its value.
        token: Name of a secret that is sent as `Authorization: Bearer`; empty for none.
        timeout_s: How long an answer may take.
        selector: What is searched: streams of Loki, indices of Elasticsearch, a part of each query of Sentry, labels of
            the resources of Prometheus that capacity planning knows.
        organization: Of Sentry.
        resources: Queries of PromQL of shares of a resource that are used, by what it is called.
    """

    name: str
    kind: SourceKind
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    token: str = ""
    timeout_s: float = 3.0
    selector: str = ""
    organization: str = ""
    resources: tuple[tuple[str, str], ...] = ()


def _resources(table: Table) -> tuple[tuple[str, str], ...]:
    section = table.section("resources")
    resources = tuple((name, section.read(name, as_promql, "")) for name in section.data)
    if len(resources) > _MOST:
        fix = "name those that a load may use up"
        section.report(resources[_MOST][0], f"is one resource more than {_MOST}", fix, "out-of-range")
    return resources


def read_sources(table: Table, secrets: Collection[str]) -> tuple[SourceSettings, ...]:
    """Return what `[sources]` says; problems are reported by the table."""
    names = list(table.data)
    if len(names) > _MOST:
        table.report(names[_MOST], f"is one source more than {_MOST}", "name fewer", "out-of-range")
    for name in names:
        if not _NAME.fullmatch(name):
            table.report(name, "is no name of a source", "use letters, digits, - and _", "bad-name")
    return tuple(_source(name, table.section(name), secrets) for name in names[:_MOST])


def _source(name: str, table: Table, secrets: Collection[str]) -> SourceSettings:
    kind = table.require("kind", as_choice(SourceKind), SourceKind.PROMETHEUS, '"jaeger"')
    usual = SourceSettings(name, kind, "")
    token = table.read("token", as_text, "")
    if token and token not in secrets:
        fix = f'add {token} = {{env = "{token}"}} below [secrets]'
        table.report("token", "is not the name of a secret of this workspace", fix, "unknown-secret")
    source = SourceSettings(
        name,
        kind,
        table.require("url", as_bare_url, "", '"http://jaeger.example:16686"').rstrip("/"),
        tuple(read_secret_headers(table.section("headers"), secrets).items()),
        token,
        table.read("timeout", _AS_TIMEOUT, usual.timeout_s),
        table.read("selector", as_text, _SELECTORS[kind]) if kind in _SELECTORS else "",
        table.require("organization", as_text, "", '"acme"') if kind is SourceKind.SENTRY else "",
        _resources(table) if kind is SourceKind.PROMETHEUS else (),
    )
    table.close()
    return source


def series_sources(sources: Sequence[SourceSettings]) -> tuple[str, ...]:
    """Return the names of the sources that answer PromQL."""
    return tuple(source.name for source in sources if source.kind is SourceKind.PROMETHEUS)
