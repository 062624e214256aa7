"""What comes with the key of a project speaks for that project, and without what addresses may hide."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outrider.errors import project_request, without_queries
from outrider.real_users import (
    BadBeacon,
    OpenViews,
    ReceivedBeacon,
    faro_vitals,
    read_beacon,
    read_web_vitals,
    span_vitals,
)

HERE = "https://shop.example/cart?coupon=geheim"


def test_spans_are_of_the_service_of_the_project_and_lose_queries() -> None:
    stated = {"service.name": "bank", "service.version": "1.4"}
    sent = {"url.full": HERE, "url.query": "?coupon=geheim&lang=de", "a": "b?c", "Url": "/pay?lang=de&card=4242"}
    spans = [{"name": "GET", "attributes": _attributes(sent)}]
    entry = {"resource": {"attributes": _attributes(stated)}, "scopeSpans": [{"spans": spans}]}
    odd: list[Any] = [5, {"resource": 5}]

    request = project_request("traces", {"resourceSpans": [entry, *odd]}, "shop", "live")
    made, known = without_queries(request), without_queries(request, ["lang"])

    resource, alone = (own["resource"]["attributes"] for own in made["resourceSpans"])
    own = {"service.name": "shop", "deployment.environment.name": "live"}
    assert resource == _attributes({**own, "service.version": "1.4"})
    assert alone == _attributes(own)
    bare = {"url.full": "https://shop.example/cart", "url.query": "", "a": "b?c", "Url": "/pay"}
    for answer, kept in ((made, bare), (known, {**bare, "url.query": "lang=de", "Url": "/pay?lang=de"})):
        (span,) = answer["resourceSpans"][0]["scopeSpans"][0]["spans"]
        assert span["attributes"] == _attributes(kept)
    assert project_request("logs", {"resourceSpans": [entry]}, "shop", "live") == {}


def _attributes(values: dict[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]


def test_vitals_that_come_one_by_one_are_one_view_until_the_page_is_loaded_again() -> None:
    """Of one visit, if no more than half an hour lies between; another session of Faro is another visit."""
    now = [0.0]
    views = OpenViews(lambda: now[0])
    told = [("FCP", "a1"), ("LCP", "b1"), ("LCP", "b1"), ("LCP", "b2"), ("CLS", "c2")]

    def view(content: bytes) -> Any:
        return read_beacon(content, ReceivedBeacon(1, "shop", "live", 10**15, "1.2.3.4", "", b"k"), _cut).view

    rows = []
    for number, (name, own) in enumerate(told):
        now[0] += 1
        metric = {"name": name, "id": own, "value": number, "navigationURL": HERE, "attribution": {"target": "#x"}}
        (report,) = read_web_vitals(json.dumps(metric).encode())
        rows.append(view(views.beacon(report, "client")))
    now[0] += 3_600
    later = view(views.beacon(report, "client"))

    assert [(row.view == rows[0].view, row.sequence) for row in rows] == [
        (True, 1), (True, 2), (True, 3), (False, 1), (False, 2),
    ]  # fmt: skip
    assert (rows[2].fcp_ms, rows[2].lcp_ms, rows[2].cls, rows[2].duration_ms) == (0, 2, None, 2_000)
    assert (rows[4].fcp_ms, rows[4].lcp_ms, rows[4].cls) == (None, 3, 4)
    assert (rows[4].url, rows[4].causes) == (
        "https://shop.example/cart", {"lcp.element": "#x", "cls.element": "#x"},
    )  # fmt: skip
    assert len({row.session for row in rows}) == 1
    assert later.session != rows[0].session


def _cut(text: str, most: int) -> str:
    return text[:most]


def test_vitals_of_spans_wait_until_the_address_of_their_page_load_is_known() -> None:
    """As Sentry's client tells them: first the vital, then the page load, then others; another load is another view."""
    views = OpenViews()
    load, other = "ab" * 8, "cd" * 8

    def seen(name: str, value: object, page: str, **more: str) -> list[str]:
        stated = {f"browser.web_vital.{name}.value": value, "sentry.pageload.span_id": page, **more}
        attributes = {key: {"value": own} for key, own in stated.items()}
        reports = span_vitals({"items": [{"span_id": page, "attributes": attributes}, 5]})
        known = [own for report in reports if (own := views.placed(report))]
        return [f"{own.url} {sorted(vital.name for vital in own.vitals)}" for own in known]

    page_load = {"sentry.op": "pageload", "url.full": HERE}
    assert seen("lcp", 40, load) == []
    assert seen("cls", 0.1, other) == []
    assert seen("ttfb", 5, load, **page_load) == ["https://shop.example/cart ['lcp', 'ttfb']"]
    assert seen("inp", 9, load) == ["https://shop.example/cart ['inp', 'lcp', 'ttfb']"]
    assert seen("inp", "slow", load) == seen("fid", 9, load) == seen("inp", 9, "") == []
    assert span_vitals({"items": 5}) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[", "no JSON"),
        (b"[5]", "no metric"),
        (b'{"name": "FPS", "value": 60}', "has a name"),
        (b'{"name": "LCP", "value": "fast"}', "has a name"),
        (b'{"name": "LCP", "value": 12}', "send `url: location.href` along"),
    ],
)
def test_a_post_of_web_vitals_that_says_too_little_is_refused_with_what_it_lacks(content: bytes, said: str) -> None:
    with pytest.raises(BadBeacon, match=said):
        read_web_vitals(content)


@pytest.mark.parametrize(
    "payload",
    [{}, {"meta": 5, "measurements": 5}, {"measurements": [5, {"type": "web-vitals", "values": {"lcp": "x"}}]}],
)
def test_a_payload_of_faro_without_vitals_is_no_view(payload: dict[str, Any]) -> None:
    assert faro_vitals(payload) is None
