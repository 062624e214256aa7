"""Pages and metrics show whatever the service knows, and one text that cannot be shown hides no other."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from outrider.model import CheckView, Claim, HostTurn, Sample, ServiceView
from outrider.server.pages import page_routes

ANY_TEXT = st.text(st.characters(codec=None), max_size=20)


async def answers(view: ServiceView, *paths: str) -> dict[str, httpx.Response]:
    transport = httpx.ASGITransport(Starlette(routes=page_routes(lambda: view)))
    async with httpx.AsyncClient(transport=transport, base_url="http://outrider.test") as client:
        return {path: await client.get(path) for path in paths}


@pytest.mark.slow
@settings(max_examples=100)
@given(ANY_TEXT)
def test_every_page_answers_whatever_it_shows(text: str) -> None:
    """The text stands in every field that holds one, and the healthy check beside it is shown."""
    odd = CheckView(
        f"probe:{text}", text, outcome=text, reason=text, runs={text: 1}, samples=(Sample(text, text, 1.0),)
    )
    view = ServiceView(
        leads=True, loaded=True, checks=(odd, CheckView("probe:healthy", "oslo", outcome="passed")),
        problems={text: text}, findings=(text,), ticked_s=0.0, events={text: 1},
        waiting=1, running=1, unjudged=0,
    )  # fmt: skip

    pages = asyncio.run(answers(view, "/", "/metrics", "/readyz"))

    assert [page.status_code for page in pages.values()] == [200, 200, 200]
    assert "probe:healthy" in pages["/"].text
    assert 'check="probe:healthy"' in pages["/metrics"].text


def test_the_page_lists_who_has_a_turn_on_the_host_and_who_waits() -> None:
    """With the workspace and process of each, since when, in the workspace's time zone."""
    turns = (
        HostTurn(Claim("journey:a"), "/srv/<shop>", 12, claimed_us=0, began_us=1_000_000),
        HostTurn(Claim("journey:b"), "/srv/other", 13, claimed_us=2_000_000),
    )
    view = ServiceView(True, True, (), {}, 0.0, 0, 0, 0, timezone="Asia/Tokyo", turns=turns)

    page = asyncio.run(answers(view, "/"))["/"].text

    assert "<li>on this host: journey:a of /srv/&lt;shop&gt; (process 12), under way since 09:00:01" in page
    assert "<li>on this host: journey:b of /srv/other (process 13), waiting since 09:00:02" in page


def test_the_page_begins_with_how_it_goes() -> None:
    """A reader who looks for a second knows whether somebody has to act."""
    checks = (
        CheckView("probe:a", "oslo", outcome="passed"),
        CheckView("probe:b", "oslo", outcome="failed"),
        CheckView("probe:c", "oslo"),
    )
    incidents = {("failure", "critical"): 2}
    troubled = ServiceView(True, True, checks, {}, 0.0, 0, 1, 0, incidents=incidents)
    calm = ServiceView(True, True, checks[:1], {}, 0.0, 0, 0, 0)
    standby = ServiceView(False, True, checks, {}, 0.0, 0, 0, 0)

    pages = [asyncio.run(answers(view, "/"))["/"].text for view in (troubled, calm, standby)]

    state = "3 checks: 1 not well, 1 well, 1 without a run yet. 2 incidents open. 1 run under way, 0 waiting."
    assert f"<p>{state}</p>" in pages[0]
    assert "<p>1 check, all well.</p>" in pages[1]
    assert "standby" in pages[2]
