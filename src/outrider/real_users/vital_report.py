"""Vitals as Google's web-vitals and Grafana's Faro tell of them: one at a time, or a few, without a page view. Pure.

https://github.com/GoogleChrome/web-vitals#api: a metric has `name`, `value`, `id`, and perhaps `attribution`. The
page is what `navigationURL` or the page's own `url` says.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from outrider.errors import faro_session
from outrider.model import finite_number
from outrider.real_users.beacon import BadBeacon
from outrider.real_users.page_name import bare_url

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES: Final = frozenset({"lcp", "inp", "cls", "fcp", "ttfb"})
_MOST_METRICS: Final = 20
_MOST_SPANS: Final = 1_000
_CAUSES: Final = {
    "element": "element", "target": "element", "interaction_target": "element", "largest_shift_target": "element",
    "url": "url", "time_to_first_byte": "ttfb", "resource_load_delay": "delay", "resource_load_duration": "load",
    "element_render_delay": "render", "input_delay": "delay", "processing_duration": "work",
    "presentation_delay": "paint", "interaction_type": "event", "waiting_duration": "wait", "dns_duration": "dns",
    "connection_duration": "connect", "request_duration": "request",
}  # fmt: skip
"""What their attribution calls what -> what causes of a page view are called."""
_OF_VITALS: Final = frozenset({"lcp", "inp", "cls", "ttfb"})


@dataclass(frozen=True, slots=True)
class MeasuredVital:
    """A vital.

    Attributes:
        name: As in a beacon; `cls` is a score, others are milliseconds.
        id: The same as long as it is of the same page load.
    """

    name: str
    id: str
    value: float
    causes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class VitalReport:
    """Vitals of one page.

    Attributes:
        session: 32 hexadecimal digits; "" if the client names none.
        errors: Exceptions that came along; nobody tells whether they were caught, so that none counts as caught.
        page_load: Names the page load, where it is not told with each vital by which address the page was.
        agent: The `User-Agent`, where no header has it.
    """

    url: str
    vitals: tuple[MeasuredVital, ...]
    session: str = ""
    release: str = ""
    navigation: str = ""
    errors: int = 0
    page_load: str = ""
    agent: str = ""


def read_web_vitals(content: bytes) -> list[VitalReport]:
    """Return the reports of a body with one metric, or with a list of them.

    Raises:
        BadBeacon: If it holds none, or one whose page is not known.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise BadBeacon("it is no JSON") from None
    metrics = [own for own in (document if isinstance(document, list) else [document]) if isinstance(own, dict)]
    reports = [_report(metric) for metric in metrics[:_MOST_METRICS]]
    if not reports:
        raise BadBeacon("it holds no metric of web-vitals")
    return reports


def faro_vitals(payload: Mapping[str, Any]) -> VitalReport | None:
    """Return the vitals of a payload of Faro; None if it has neither vitals nor exceptions."""
    meta = _object(payload.get("meta"))
    app, exceptions = _object(meta.get("app")), payload.get("exceptions")
    measured = [own for own in _list(payload.get("measurements")) if isinstance(own, dict)]
    vital_entries = [own for own in measured if own.get("type") == "web-vitals"]
    vitals = [vital for own in vital_entries[:_MOST_METRICS] if (vital := _faro_vital(own)) is not None]
    errors = len(exceptions) if isinstance(exceptions, list) else 0
    if not vitals and not errors:
        return None
    navigations = (str(_object(own.get("context")).get("navigation_type") or "") for own in vital_entries)
    return VitalReport(
        url=bare_url(_text(_object(meta.get("page")).get("url"))),
        vitals=tuple(vitals),
        session=faro_session(meta),
        release=_text(app.get("release") or app.get("version")),
        navigation=next(filter(None, navigations), ""),
        errors=errors,
    )


def span_vitals(document: Mapping[str, Any]) -> list[VitalReport]:
    """Return the vitals and addresses of page loads that an item `span` of Sentry's client for browsers tells."""
    spans = [own for own in _list(document.get("items"))[:_MOST_SPANS] if isinstance(own, dict)]
    return [report for span in spans if (report := _span_report(span)) is not None]


def _span_report(span: Mapping[str, Any]) -> VitalReport | None:
    stated = _object(span.get("attributes"))
    values = {name: _object(own).get("value") for name, own in stated.items()}
    is_load = values.get("sentry.op") == "pageload"
    page_load = _text(span.get("span_id") if is_load else values.get("sentry.pageload.span_id"))
    vitals = tuple(vital for name in sorted(_NAMES) if (vital := _span_vital(name, values, page_load)) is not None)
    if not page_load or not (vitals or is_load):
        return None
    return VitalReport(
        url=bare_url(_text(values.get("url.full"))) if is_load else "",
        vitals=vitals,
        release=_text(values.get("sentry.release")),
        navigation=_text(values.get("browser.navigation.type")),
        page_load=page_load,
        agent=_text(values.get("user_agent.original")),
    )


def _span_vital(name: str, values: Mapping[str, Any], page_load: str) -> MeasuredVital | None:
    prefix = f"browser.web_vital.{name}."
    value = finite_number(values.get(f"{prefix}value"))
    if value is None:
        return None
    parts = {key.removeprefix(prefix): own for key, own in values.items() if key.startswith(prefix)}
    return MeasuredVital(name, page_load, value, _causes(name, parts))


def _report(metric: Mapping[str, Any]) -> VitalReport:
    name, value = _text(metric.get("name")).lower(), finite_number(metric.get("value"))
    if name not in _NAMES or value is None:
        raise BadBeacon("a metric of web-vitals has a name, such as LCP, and a value")
    url = bare_url(_text(metric.get("navigationURL") or metric.get("url")))
    if not url:
        raise BadBeacon("the page is not named: send `url: location.href` along, or use web-vitals 6 or newer")
    causes = _causes(name, _object(metric.get("attribution")))
    vital = MeasuredVital(name, _text(metric.get("id")), value, causes)
    return VitalReport(
        url, (vital,), release=_text(metric.get("release")), navigation=_text(metric.get("navigationType"))
    )


def _faro_vital(entry: Mapping[str, Any]) -> MeasuredVital | None:
    values, context = _object(entry.get("values")), _object(entry.get("context"))
    name = next((own for own in values if own in _NAMES), "")
    value = finite_number(values.get(name))
    if value is None:
        return None
    return MeasuredVital(name, _text(context.get("id")), value, _causes(name, {**context, **values}))


def _causes(name: str, parts: Mapping[str, Any]) -> dict[str, str]:
    if name not in _OF_VITALS:
        return {}
    causes = {}
    for key, value in parts.items():
        part = _CAUSES.get(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower())
        number = finite_number(value)
        text = value if isinstance(value, str) else f"{number:.0f}" if number is not None else ""
        if part and text and text != "0":
            causes[f"{name}.{part}"] = text
    return causes


def _text(value: object) -> str:
    return value[:500] if isinstance(value, str) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
