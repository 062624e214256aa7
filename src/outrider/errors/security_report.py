"""Reports of browsers -> documents as Sentry's clients send them: Content Security Policy, and the Reporting API.

https://www.w3.org/TR/CSP3/#reporting, https://www.w3.org/TR/reporting-1/
"""

from __future__ import annotations

import json
from typing import Any, Final

from outrider.errors.envelope import BadEnvelope
from outrider.errors.page_address import without_query

_MOST_REPORTS: Final = 20


def read_reports(data: bytes) -> list[dict[str, Any]]:
    """Return a document for each report.

    Raises:
        BadEnvelope: If there is none.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise BadEnvelope("the report is no JSON") from None
    entries = value if isinstance(value, list) else [value]
    documents = [_document(entry) for entry in entries[:_MOST_REPORTS] if isinstance(entry, dict)]
    if not documents:
        raise BadEnvelope("the report is no object")
    return documents


def _document(entry: dict[str, Any]) -> dict[str, Any]:
    body = next((entry[name] for name in ("csp-report", "body") if isinstance(entry.get(name), dict)), entry)
    kind = "csp" if "csp-report" in entry else str(entry.get("type", "report"))[:64]
    page = body.get("document-uri") or body.get("documentURL") or entry.get("url")
    directive = body.get("effective-directive") or body.get("effectiveDirective") or body.get("violated-directive")
    blocked = without_query(str(body.get("blocked-uri") or body.get("blockedURL") or ""))
    kind = "csp" if kind == "csp-violation" else kind
    what = (
        f"Blocked {directive!s:.100} from {blocked:.200}"
        if directive
        else f"{kind}: {body.get('message') or body.get('id') or ''!s:.200}"
    )
    return {
        "level": "warning",
        "platform": "javascript",
        "logger": kind,
        "logentry": {"message": what},
        "fingerprint": [kind, str(directive or "")[:100], _host(blocked)] if directive else [],
        "request": {"url": page},
        "extra": body,
    }


def _host(blocked: str) -> str:
    return blocked.partition("://")[2].partition("/")[0] or blocked[:50]
