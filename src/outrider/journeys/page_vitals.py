"""Vitals of the pages that a journey opens, by host and page, so that they stand beside those of real users. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from outrider.model import Sample, printable
from outrider.real_users import (
    CACHE_OF,
    bare_url,
    browser_family,
    cache_state,
    device_of,
    page_metric,
    page_name,
    power_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MAX_PAGES: Final = 10
_MOST: Final = 1e12
_VITALS: Final = ("lcp_ms", "fcp_ms", "ttfb_ms", "cls", "inp_ms")


def page_samples(documents: Sequence[Mapping[str, Any]], opener: Callable[[float], str]) -> list[Sample]:
    """Return the worst of each vital by the step that opened a page, and the page.

    Args:
        documents: As the pages reported them.
        opener: Returns the step during which a document began, by milliseconds since the epoch.
    """
    worst: dict[tuple[str, str], float] = {}
    shown = set(_pages(documents))
    for document in documents:
        page = _page(document)
        for metric in _VITALS if page in shown else ():
            value = document.get(metric)
            if isinstance(value, int | float):
                key = (opener(float(document["origin_ms"])), page_metric(metric, *page))
                worst[key] = max(worst.get(key, 0.0), float(value))
    return [Sample(step, metric, value) for (step, metric), value in worst.items()]


def page_conditions(documents: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return what the browser's machine and connection were like, and what its cache held of each page, at first."""
    known: dict[str, str] = {}
    shown = set(_pages(documents))
    for document in documents:
        if (page := _page(document)) in shown:
            known |= _machine(document)
            known.setdefault(f"{CACHE_OF}{page[0]}{page[1]}", _cache(document))
    return {name: value for name, value in known.items() if value}


def _machine(document: Mapping[str, Any]) -> dict[str, str]:
    family = browser_family(_text(document.get("agent")))
    device = device_of(family, round(_number(document.get("width")) or 0), has_touch=document.get("touch") is True)
    power = power_of(_number(document.get("memory_gb")), round(_number(document.get("cores")) or 0))
    return {"device": device, "power": power, "connection": _text(document.get("connection"))}


def _cache(document: Mapping[str, Any]) -> str:
    own, hits = (round(_number(document.get(name)) or 0) for name in ("own", "hits"))
    return cache_state(_number(document.get("bytes")), own, hits)


def _pages(documents: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [page for page in dict.fromkeys(map(_page, documents)) if page[0]][:MAX_PAGES]


def _page(document: Mapping[str, Any]) -> tuple[str, str]:
    """Return host and page, by the name that it gives itself if any; without a host for what is no page of the web."""
    url, name = bare_url(_text(document.get("address"))), printable(_text(document.get("page"))).strip()
    return (urlsplit(url).hostname or "", name or page_name(url)) if url else ("", "")


def _text(value: object) -> str:
    return value[:500] if isinstance(value, str) else ""


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < _MOST else None
