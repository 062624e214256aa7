"""The calls of an unchanged test become steps with an identity that lasts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from outrider.journeys.automatic_steps import (
    MAX_TITLE,
    automatic_steps,
    awaited,
    is_action,
    is_known,
    normal_path,
)
from outrider.journeys.driver import installed_driver
from outrider.journeys.har import Request
from outrider.journeys.trace import Call

ORDER = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def call(method: str, start_ms: float = 0.0, **fields: Any) -> Call:
    """Return a call that ended after ten milliseconds."""
    fields = {"owner": "Frame", "title": "", "params": {}, "duration_ms": 10.0, **fields}
    return Call(method=method, start_ms=start_ms, **fields)


def request(url: str, *, start_ms: float = 0.0, by_test: bool = True, failure: str = "") -> Request:
    """Return a request of one byte and five milliseconds."""
    return Request("POST", url, start_ms, 5.0, -1 if failure else 200, 1, failure, "", by_test)


def titles(*calls: Call) -> list[str]:
    """Return the titles of the steps of calls."""
    return [step.title for step in automatic_steps(calls, [], "")]


@pytest.mark.parametrize(
    ("made", "title"),
    [
        (call("goto", params={"url": "http://shop.test/cart?x=1"}), "goto /cart"),
        (call("goto", params={"url": "http://shop.test"}), "goto /"),
        (call("goto", params={"url": "data:text/html,<b>"}), "goto data:"),
        (call("goto", params={"url": "about:blank"}), "goto about:blank"),
        (call("goto", params={"url": "http://[broken"}), "goto http://[broken"),
        (call("reload", owner="Page"), "reload"),
        (call("goBack", owner="Page"), "go back"),
        (call("click", params={"selector": "#pay"}), "click #pay"),
        (
            call("click", params={"selector": "internal:role=button"}, log=["  waiting for get_by_role('button')"]),
            "click get_by_role('button')",
        ),
        (
            call("waitForSelector", log=["waiting for locator('#done') to be visible"]),
            "wait for locator('#done')",
        ),
        (call("fill", log=["noise", "waiting for frame_locator('#f').locator('b')"]),
         "fill frame_locator('#f').locator('b')"),
        (
            call(
                "expect",
                title='Expect "to_have_text"',
                params={"selector": "h1", "expression": "to.have.text"},
            ),
            "expect h1 to_have_text",
        ),
        (call("expect", params={"selector": "h1", "expression": "to.be.visible"}), "expect h1 to.be.visible"),
        (call("evaluateExpression"), "evaluate"),
        (call("selectOption", params={"selector": "#size"}), "select #size"),
        (call("dispatchEvent", owner="ElementHandle"), "dispatch event"),
    ],
)  # fmt: skip
def test_a_call_is_told_as_its_test_wrote_it(made: Call, title: str) -> None:
    """Action first, then the locator as Playwright's log repeats it, or a path without host and query."""
    calls = [made]

    step_titles = titles(*calls)

    assert step_titles == [title]


@pytest.mark.parametrize(
    ("owner", "method", "is_step"),
    [
        ("Frame", "click", True),
        ("Page", "reload", True),
        ("ElementHandle", "click", True),
        ("Page", "close", False),
        ("Page", "setViewportSize", False),
        ("BrowserContext", "newPage", False),
        ("Tracing", "tracingStart", False),
    ],
)
def test_only_what_a_user_would_notice_is_a_step(owner: str, method: str, is_step: bool) -> None:
    """Calls about contexts, tracing and settings are left out."""
    made = call(method, owner=owner)

    answer = is_action(made)

    assert answer == is_step
    assert len(titles(made)) == is_step


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://a.test:8000/orders/17/items", "/orders/:id/items"),
        ("https://b.test/orders/17", "/orders/:id"),
        (f"http://a.test/orders/{ORDER}", "/orders/:id"),
        (f"http://a.test/orders/{ORDER.upper()}/pay", "/orders/:id/pay"),
        ("http://a.test/o/507f1f77bcf86cd799439011", "/o/:id"),
        ("http://a.test/order-20260", "/order-:id"),
        ("http://a.test/v2/mp3", "/v2/mp3"),
        ("http://a.test", "/"),
    ],
)
def test_a_path_is_the_same_for_every_order_and_host(url: str, path: str) -> None:
    """Numbers, UUIDs and long hexadecimal words are blanked; words that hold a digit stay."""
    given = url

    normal = normal_path(given)

    assert normal == path


def test_identifiers_in_a_locator_are_blanked_in_the_key_alone() -> None:
    """The reader sees what was clicked; the series stays one."""
    runs = [[call("click", params={"selector": f"text=Order {order}"})] for order in ("12345", ORDER)]

    steps = [automatic_steps(calls, [], "")[0] for calls in runs]

    assert [step.key for step in steps] == ["click text=Order #", "click text=Order #"]
    assert [step.title for step in steps] == ["click text=Order 12345", f"click text=Order {ORDER}"]


def test_a_call_made_again_gets_an_ordinal_in_order_of_time() -> None:
    """Order of arrival does not matter, and blanked identifiers count as the same call."""
    calls = [call("click", at, params={"selector": f"text={name}"}) for at, name in ((30, "10003"), (10, "10001"))]
    calls.append(call("click", 20, params={"selector": "b"}))

    steps = automatic_steps(calls, [], "")

    assert [step.key for step in steps] == ["click text=#", "click b", "click text=# (2)"]
    assert [step.start_ms for step in steps] == [10, 20, 30]


def test_keys_are_unique_even_if_a_selector_looks_like_an_ordinal() -> None:
    """One key, one series, whatever stands on the page."""
    calls = [call("click", at, params={"selector": text}) for at, text in enumerate(["b (2)", "b", "b", "b (2)"])]

    keys = [step.key for step in automatic_steps(calls, [], "")]

    assert len(set(keys)) == 4


def test_requests_that_the_test_sent_itself_are_steps() -> None:
    """Those of pages are not; a failure is the step's error."""
    requests = [
        request("http://a.test/api/orders/7", start_ms=5.0),
        request("http://a.test/style.css", by_test=False),
        request("http://a.test/api/gone", start_ms=6.0, failure="connection refused"),
    ]

    steps = automatic_steps([call("goto", 1.0, params={"url": "http://a.test/"})], requests, "")

    assert [(step.key, step.duration_ms, step.error) for step in steps] == [
        ("goto /", 10.0, None),
        ("POST /api/orders/:id", 5.0, None),
        ("POST /api/gone", 5.0, "connection refused"),
    ]


def test_the_source_is_the_innermost_frame_below_the_root() -> None:
    """Playwright's own frames and those of other folders are passed over."""
    stack = [("/venv/playwright/sync_api.py", 9), ("/w/journeys/pages.py", 4), ("/w/journeys/test_a.py", 12)]

    here = automatic_steps([call("click", stack=stack)], [], "/w/journeys")
    elsewhere = automatic_steps([call("click", stack=stack)], [], "/other")

    assert [step.source for step in here + elsewhere] == ["pages.py:4", ""]


def test_a_title_is_bounded_and_shows_that_it_is_cut() -> None:
    """A selector as long as a page does not become a key, and the key is what it was before the mark of the cut."""
    made = call("click", params={"selector": "x" * 1000})

    (step,) = automatic_steps([made], [], "")

    assert (len(step.title), step.title[-1]) == (MAX_TITLE, "…")
    assert (len(step.key), step.key[-1]) == (MAX_TITLE, "x")


def test_a_call_that_never_ended_keeps_its_error_and_lack_of_duration() -> None:
    """Both are what shows where a killed test stood."""
    calls = [call("click", duration_ms=None), call("fill", 1.0, error="gone")]

    steps = automatic_steps(calls, [], "")

    assert [(step.duration_ms, step.error) for step in steps] == [(None, None), (10.0, "gone")]


def traced_methods() -> list[tuple[str, str]]:
    """Return (class, method) of every call that the installed Playwright puts into a trace."""
    bundle = Path(installed_driver().package, "lib", "coreBundle.js").read_text(encoding="utf-8")
    table = bundle[bundle.index("methodMetainfo = ") :].partition("]);")[0]
    rows = re.findall(r'\["(\w+)\.(\w+)", \{(.*?)\}\]', table)
    return [(owner, method) for owner, method, flags in rows if "internal: true" not in flags]


def test_every_call_that_a_trace_can_contain_has_a_title_or_is_no_step() -> None:
    """A newer Playwright may add some: each has to be decided."""
    methods = traced_methods()

    unknown = [f"{owner}.{method}" for owner, method in methods if not is_known(owner, method)]

    assert len(methods) > 150
    assert unknown == []


@pytest.mark.parametrize("owner", ["Page", "BrowserContext", "Browser", "WebSocket", "Worker"])
@pytest.mark.parametrize(
    ("event", "title", "log", "text"),
    [
        ("", "Wait for navigation", ['waiting for navigation to "**/t" until "load"'], "wait for navigation to **/t"),
        ("", "Wait for navigation", ['waiting for navigation until "load"'], "wait for navigation"),
        ("", "Wait for load state", ['  not waiting, "load" event already fired'], "wait for load state"),
        ("response", 'Wait for event "response"', ['waiting for response "**/api"'], "wait for response **/api"),
        ("request", "", ['waiting for request "http://a.test/orders/81723"'], "wait for request /orders/:id"),
        ("request", "", ["waiting for request /v[0-9]+/i"], 'wait for request re.compile(r"v[0-9]+")'),
        ("requestfinished", "", ['waiting for event "requestfinished"'], "wait for finished request"),
        ("filechooser", "", [], "wait for file chooser"),
        ("popup", 'Wait for event "popup"', ['waiting for event "popup"'], "wait for popup"),
        ("download", 'Wait for event "download"', [], "wait for download"),
        ("", 'Wait for event "page"', [], "wait for page"),
        ("", "", [], "wait"),
    ],
)  # fmt: skip
def test_a_wait_is_named_by_what_it_waits_for(owner: str, event: str, title: str, log: list[str], text: str) -> None:
    """All waits are one method of the protocol, whose name nobody knows."""
    made = call("__waitInfo__", owner=owner, params={"event": event}, title=title, log=log)

    assert is_action(made)
    assert titles(made) == [text]
    assert awaited(made) == text.removeprefix("wait for ")


def test_a_call_without_a_locator_says_once_that_it_waits() -> None:
    """A reason is "time-out waiting for function", without a second "wait for"."""
    made = call("waitForFunction", params={"expression": "() => false"})

    assert awaited(made) == "function"


@pytest.mark.parametrize(
    ("made", "title"),
    [
        (call("queryCount", params={"selector": 'internal:role=button[name="Pay"i]'}),
         'count get_by_role("button", name="Pay")'),
        (call("queryCount", params={"selector": "li"}), 'count locator("li")'),
        (call("keyboardPress", owner="Page", params={"key": "Tab"}), 'keyboard.press("Tab")'),
        (call("mouseMove", owner="Page", params={"x": 1, "y": 2}), "mouse.move"),
        (call("dragAndDrop", params={"source": 'internal:text="A"i', "target": "#b"}), 'drag get_by_text("A")'),
        (call("waitForSelector", title="Evaluate", log=['waiting for locator("#d")']), 'evaluate locator("#d")'),
        (call("waitForSelector", title="Bounding box", log=['waiting for locator("b")']), 'bounding box locator("b")'),
        (call("fill", title="Clear", log=['waiting for get_by_label("User")']), 'clear get_by_label("User")'),
        (call("innerHTML", params={"selector": "h1"}), "inner html h1"),
        (call("clockFastForward", owner="BrowserContext"), "clock.fast_forward"),
        (call("setOffline", owner="BrowserContext"), "set offline"),
    ],
)  # fmt: skip
def test_titles_read_as_the_author_wrote_them(made: Call, title: str) -> None:
    """No internal selector and no name of the protocol stands in a step."""
    assert titles(made) == [title]
