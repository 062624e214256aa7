"""Addresses of sessions and events of other tools, in what their clients send."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.builders import run_of

from outrider.dashboard.session_links import session_links
from outrider.errors import EventScrubber
from outrider.model import Breadcrumb, ErrorRecord, ErrorSource, Measurement, Outcome
from outrider.telemetry import Scrubber
from outrider.telemetry_store.page_view_search import PageViewSearch

from .conftest import NOW_US
from .error_scene import declined
from .telemetry_scene import NOW_NS, insert_rows, log_of, page_view, source, span_of

if TYPE_CHECKING:
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

    from .conftest import Scene

LOGROCKET = "https://app.logrocket.com/ab12cd/shop/s/5-0189a7b2-1c9e-7d3f-9a1b-2c3d4e5f6a7b/0?t=1795000000000"


@pytest.mark.parametrize(
    ("text", "tool", "address"),
    [
        (LOGROCKET, "LogRocket", LOGROCKET),
        (f"session={LOGROCKET}, twice: {LOGROCKET}.", "LogRocket", LOGROCKET),
        ("(https://shop.sentry.io/issues/4711/events/ab12/)", "Sentry", "https://shop.sentry.io/issues/4711/events/ab12/"),
        ("https://shop.sentry.io/replays/ab12/?t=9", "Sentry", "https://shop.sentry.io/replays/ab12/?t=9"),
        ("https://sentry.io/organizations/shop/issues/7", "Sentry", "https://sentry.io/organizations/shop/issues/7"),
        ("https://app.datadoghq.eu/rum/replay/sessions/a-b", "Datadog", "https://app.datadoghq.eu/rum/replay/sessions/a-b"),
        ("https://app.fullstory.com/ui/Q1/session/5:6%3A7", "FullStory", "https://app.fullstory.com/ui/Q1/session/5:6%3A7"),
        ("https://eu.posthog.com/project/phc_1/replay/a-b?t=3", "PostHog", "https://eu.posthog.com/project/phc_1/replay/a-b?t=3"),
        *((text, "", "") for text in (
            "https://app.logrocket.com.evil.example/ab12cd/shop/s/5/0",
            "https://app.logrocket.com@evil.example/ab12cd/shop/s/5/0",
            "https://ab:12@app.logrocket.com/ab12cd/shop/s/5/0",
            "https://app.logrocket.com:8443/ab12cd/shop/s/5/0",
            "https://app.logrocket.com\\@evil.example/ab12cd/shop/s/5/0",
            "https://evil.example/https://app.logrocket.com/ab12cd/shop/s/5/0",
            "https://evilapp.logrocket.com/ab12cd/shop/s/5/0",
            "https://app-logrocket.com/ab12cd/shop/s/5/0",
            "http://app.logrocket.com/ab12cd/shop/s/5/0",
            "//app.logrocket.com/ab12cd/shop/s/5/0",
            "javascript:alert(1)//https://app.logrocket.com/ab12cd/shop/s/5/0",
            "https://app.logrocket.com/ab12cd/shop/s/../../../logout",
            "https://app.logrocket.com/ab12cd/shop/s/%2e%2e/%2e%2e/logout",
            "https://app.logrocket.com/ab12cd/shop/settings",
            "https://app.logrocket.com/ab12cd/shop/s/5-0189a7… [cut: 9000 characters]",
            "https://app.logrocket.com/ab12cd/shop/s/" + "5" * 1_000,
            "https://a.shop.sentry.io/issues/4711/",
            "https://shop.sentry.io/settings/account/",
            "https://\u0455entry.io/organizations/shop/issues/7",
            "see the session",
        )),
    ],
)  # fmt: skip
def test_only_sessions_and_events_of_known_tools_are_links(text: str, tool: str, address: str) -> None:
    """By the whole address: its host is the tool's, and its path that of a session or an event."""
    found = [(link.name, link.href) for link in session_links([text])]

    assert found == ([(tool, address)] if tool else [])


def test_the_first_five_are_links() -> None:
    """Each once, in the order in which they stand."""
    texts = [f"https://shop.sentry.io/issues/{number}/" for number in (1, 1, 2, 3, 4, 5, 6)]

    assert [link.href[-2] for link in session_links([*texts, LOGROCKET])] == ["1", "2", "3", "4", "5"]


def test_pages_lead_to_the_session_that_a_client_named(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """An issue by tags, extra and contexts, a visit by events of its page, a run by its console, a trace, a record."""
    scene.telemetry = source(telemetry)
    trace = service.encode().hex()[-16:] * 2
    visit = f"{int(trace[:8], 16):032x}"
    scrubber = Scrubber()
    sent = {"tags": {"replay": "https://shop.sentry.io/replays/ab12/"}, "extra": {"sessionURL": LOGROCKET},
            "contexts": {"fullstory": {"url": "https://app.fullstory.com/ui/Q1/session/5:6"},
                         "odd": {"url": "https://app.logrocket.com@evil.example/a/b/s/5"}}}  # fmt: skip
    wrote = Breadcrumb(NOW_US, "console", "log", "recorded at https://app.datadoghq.eu/rum/replay/sessions/a-b")
    kept = EventScrubber(scrubber.text, scrubber.hides).document(sent)
    scene.store.errors.add([replace(declined(), **kept, breadcrumbs=(wrote,))])
    said = f'[[5, "event", "recorded", "session={LOGROCKET}"], [9, "click", "https://shop.sentry.io/issues/7/"]]'
    view = page_view(1, session=visit, view=trace[:16], trace_id=trace, events=said)
    PageViewSearch(telemetry, clock=lambda: NOW_NS).insert_page_views([view], token=f"links {service}")
    named = {"session.url": LOGROCKET}
    insert_rows(telemetry, [span_of(service, "a" * 16, trace=trace, attributes=named)], f"links {service}")
    insert_rows(telemetry, [log_of(service, attributes=named)], f"links {service}")
    console = ErrorRecord(ErrorSource.CONSOLE, f"recorded at {LOGROCKET}")
    run = run_of(Measurement(Outcome.FAILED, "", NOW_US, 1.0, errors=(console,)), scene.add("pay").id)
    scene.store.runs.record(run)

    pages = scene.get(
        "/errors/1", f"/sessions/{visit}", f"/runs/{run.id}", f"/traces/{trace}", f"/logs?q=service:{service}"
    )

    link = f'<a href="{LOGROCKET}" target="_blank" rel="noopener noreferrer"><bdi>LogRocket</bdi></a>'
    assert [page.text.count(link) for page in pages] == [1] * 5
    assert '<a href="https://shop.sentry.io/replays/ab12/"' in pages[0].text
    assert '<a href="https://app.fullstory.com/ui/Q1/session/5:6"' in pages[0].text
    assert '<a href="https://app.datadoghq.eu/rum/replay/sessions/a-b"' in pages[0].text
    assert 'href="https://app.logrocket.com@evil' not in pages[0].text
    assert "issues/7" in pages[1].text
    assert 'href="https://shop.sentry.io/issues/7/"' not in pages[1].text
