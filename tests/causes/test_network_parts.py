"""Without traces, the extra time of a journey's step is told by the requests of its HAR."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from outrider.causes import TimeAttribution, WireRequest, attribution_lines, main_thread_tasks, runs_text
from outrider.causes.network_parts import network_parts
from outrider.causes.time_attribution import attribute_parts
from outrider.causes.trace_parts import Places, StepParts

BEGAN_MS = 1.7e12
SHOP, FONTS = "https://shop.example", "https://fonts.example"


def request(url: str, at_ms: float, *, kind: str = "fetch", size: int = 1_000, **phases: float) -> WireRequest:
    took = tuple({"wait": 50.0, "receive": 5.0, **phases}.items())
    return WireRequest("GET", url, 200, at_ms, 0.0, size, took, began_ms=BEGAN_MS + at_ms, resource_type=kind)


def page(
    number: int, *, fonts_ms: float = 40.0, products: int = 1, work_ms: float = 30.0, **document: Any
) -> tuple[list[WireRequest], float]:
    """Return a page's requests and how long its step took: the document, fonts beside products, work, and a beacon."""
    wobble = number % 3
    opened = request(f"{SHOP}/list", 5.0, **{"kind": "document", "dns": 2.0, "connect": 20.0, "ssl": 15.0, **document})
    now_ms = 5.0 + sum(ms for name, ms in opened.phases if name != "ssl")
    fonts = request(f"{FONTS}/a.woff2", now_ms, wait=fonts_ms + wobble)
    calls = [request(f"{SHOP}/api/products/{place}", now_ms + place * 55.0) for place in range(products)]
    end_ms = max(now_ms + fonts_ms + wobble + 5.0, now_ms + products * 55.0) + work_ms
    beacon = request("https://stats.example/collect", end_ms - 20.0, wait=9_000.0)
    return [opened, fonts, *calls, beacon], end_ms


def attributed(**after: Any) -> TimeAttribution:
    """Return where the extra time is; its parts add up to the whole."""
    places = Places()
    sides = [[page(number, **changes) for number in range(20)] for changes in ({}, after)]
    answer = attribute_parts(
        places, *([network_parts(places, requests, BEGAN_MS, took_ms) for requests, took_ms in side] for side in sides)
    )
    assert isinstance(answer, TimeAttribution), answer
    shares = [*(part.extra for part in answer.parts), answer.rest, answer.between, answer.outside]
    assert sum(share.ms for share in shares) == pytest.approx(answer.extra.ms)
    return replace(answer, no_traces="nobody sends any", by_requests=True)


@pytest.mark.parametrize(
    ("after", "line"),
    [
        ({"fonts_ms": 350.0}, "in answer of fonts.example"),
        ({"dns": 302.0}, "of +300 ms (300 to 300), +300 ms (300 to 300) in DNS lookup of shop.example"),
        ({"connect": 320.0}, "+300 ms (300 to 300) in connection to shop.example"),
        ({"connect": 320.0, "ssl": 315.0}, "+300 ms (300 to 300) in TLS handshake with shop.example"),
        ({"wait": 350.0}, "+300 ms (300 to 300) in answer of GET /list of shop.example"),
        ({"receive": 305.0, "size": 90_000}, "in transfer of GET /list of shop.example: 1.0 kB → 90.0 kB"),
        ({"products": 40}, "in answer of GET /api/products/* of shop.example: ran 1 → 40 times a run (N+1)"),
        ({"work_ms": 330.0}, "left: +300 ms while no request was under way: the browser's own work, and the test's"),
    ],
)
def test_what_took_the_time_is_named(after: dict[str, Any], line: str) -> None:
    """A third party by its host, the shop's own by path; not the beacon that the step did not wait for."""
    answer = attributed(**after)

    told = attribution_lines(answer)

    assert any(line in text for text in told), told
    assert "stats.example" not in " ".join(told)
    assert runs_text(answer).endswith("by the browser's requests, since nobody sends any")


def test_another_port_is_another_server_whichever_of_its_answers_is_the_last() -> None:
    """As a third party is on one machine with the shop; each run waits for another one of its files."""

    def parts(number: int, extra_ms: float) -> Any:
        files = [
            request(f"http://localhost:8701/{name}", 60.0, wait=40.0 + extra_ms + 9 * ((number + place) % 3))
            for place, name in enumerate(("a.js", "b.css", "c.png"))
        ]
        document = request("http://localhost:8700/list", 5.0, kind="document")
        return network_parts(places, [document, *files], BEGAN_MS, 125.0 + extra_ms)

    places = Places()

    answer = attribute_parts(places, *([parts(number, ms) for number in range(3)] for ms in (0.0, 1_500.0)))

    assert isinstance(answer, TimeAttribution), answer
    assert [part.place.operation for part in answer.parts] == ["answer of localhost:8701"]


def test_work_of_the_main_thread_is_told_while_no_request_is_under_way() -> None:
    """By its script, once where a task and its script are told of one moment; what is broken of it counts as none."""
    hour_ms = BEGAN_MS + 3_600_000.0

    def parts(number: int, script_ms: float) -> Any:
        requests, took_ms = page(number, work_ms=40.0 + script_ms)
        idle_ms = BEGAN_MS + took_ms - 35.0 - script_ms
        work = [
            ["task", "", idle_ms - 30.0, 60.0 + script_ms],
            ["script", f"{SHOP}/app.3f2a9c1b.js", idle_ms, script_ms],
            ["layout", "", idle_ms + script_ms, 5.0],
            ["script", "", hour_ms, 9.0],
            ["nap", "", idle_ms, 30.0],
        ]
        tasks = main_thread_tasks(json.dumps({"_mainThread": work, "log": {"entries": []}}).encode())
        assert len(tasks) == len(work)
        return network_parts(places, requests, BEGAN_MS, took_ms, tasks)

    places = Places()
    answer = attribute_parts(places, *([parts(number, ms) for number in range(9)] for ms in (1.0, 301.0)))

    assert isinstance(answer, TimeAttribution), answer
    [part] = answer.parts
    assert part.place.operation == "the browser's main thread: script /app.*.js of shop.example"
    assert part.extra.ms == pytest.approx(300.0)
    assert answer.between.ms == pytest.approx(0.0, abs=1e-6)
    for broken in (b"", b"[]", b'{"_mainThread": {}}', b'{"_mainThread": [["task", "", NaN, 1], [1], null]}'):
        assert main_thread_tasks(broken) == ()


def test_answers_of_the_pages_own_host_can_be_one_part() -> None:
    """Where none of its paths stands out, as each run waits for another one."""
    places = Places()

    parts = network_parts(places, page(0)[0], BEGAN_MS, page(0)[1], by_host=True)

    assert isinstance(parts, StepParts), parts
    assert "answer of shop.example" in {places[number].operation for number in parts.places}


def test_new_and_gone_requests_are_told_though_nobody_waited_for_them() -> None:
    """Names of files that change with each build are one."""

    def parts(script: str, advert: str, number: int) -> Any:
        requests, took_ms = page(number)
        more = [request(f"{SHOP}/{script}", 100.0, wait=1.0), request(advert, 101.0, wait=1.0)]
        return network_parts(places, [*requests, *more], BEGAN_MS, took_ms)

    places = Places()
    before = [parts("app.3f2a9c1b.js", "https://old.example/", number) for number in range(5)]
    after = [parts("app-9d8e7f60.js", "https://new.example/", number) for number in range(5)]
    answer = attribute_parts(places, before, after)
    assert isinstance(answer, TimeAttribution), answer

    lines = attribution_lines(replace(answer, no_traces="x", by_requests=True))

    assert lines[1:] == ("new requests: new.example", "gone requests: old.example")


def test_a_step_without_requests_says_so() -> None:
    """Also where clocks are apart."""
    requests, took_ms = page(0)

    parts = network_parts(Places(), requests, BEGAN_MS + 300_000, took_ms)
    run_ms = BEGAN_MS + 299_000, BEGAN_MS + 301_000
    of_run = network_parts(Places(), requests, BEGAN_MS + 300_000, took_ms, run_ms=run_ms)

    assert (parts, of_run) == ("no request of the step was recorded", "no request of the run was recorded")


def test_a_step_of_a_run_with_requests_may_do_without() -> None:
    """As a click does that only a script answers: its work alone is told."""
    requests, _ = page(0)
    run_ms, begin_ms = (BEGAN_MS, BEGAN_MS + 20_000.0), BEGAN_MS + 15_000.0
    tasks = main_thread_tasks(b'{"_mainThread": [["script", "", 1700000015010.0, 300.0]]}')
    places = Places()

    parts = network_parts(places, requests, begin_ms, 320.0, tasks, run_ms=run_ms)

    assert isinstance(parts, StepParts), parts
    assert {places[number].operation: own.ms for number, own in parts.places.items()} == {
        "the browser's main thread: script": 300.0
    }
    assert parts.between_ms == pytest.approx(20.0)
