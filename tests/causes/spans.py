"""Spans of made-up services."""

from __future__ import annotations

from typing import Any

from outrider.model import Span

MS = 1_000_000


def span_of(
    service: str, name: str, span: str, parent: str = "", *, start_ns: int = 0, took_ns: int = 0, **changes: Any
) -> Span:
    """Return a span of a server."""
    plain = Span(
        start_ns,
        "1f" * 16,
        span,
        parent,
        "",
        name,
        "Server",
        service,
        {"service.name": service},
        "app",
        "1",
        {},
        took_ns,
    )
    return plain._replace(**changes)
