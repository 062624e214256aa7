"""Faults that are injected by routing do to a request what a broken target would."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from outrider.journeys.faults import Fault, Injection


@dataclass
class Request:
    """A request, by its address and whether it opens a document."""

    url: str
    navigates: bool = False

    def is_navigation_request(self) -> bool:
        return self.navigates


@dataclass
class Route:
    """A route that notes what was done with it."""

    request: Request
    done: list[tuple[str, Any]] = field(default_factory=list)

    def abort(self, code: str) -> str:
        self.done.append(("abort", code))
        return "awaitable"

    def fulfill(self, **answer: Any) -> str:
        self.done.append(("fulfill", (answer["status"], bool(answer["body"]))))
        return "awaitable"

    def fallback(self) -> str:
        self.done.append(("fallback", None))
        return "awaitable"


@pytest.mark.parametrize(
    ("fault", "done"),
    [
        (Fault.ABORT, [("abort", "connectionrefused")]),
        (Fault.ERROR, [("fulfill", (500, True))]),
        (Fault.EMPTY, [("fulfill", (200, False))]),
        (Fault.DELAY, []),
        (Fault.THIRD_PARTY, [("fallback", None)]),
    ],
)
def test_a_fault_answers_every_request_in_its_way(fault: Fault, done: list[tuple[str, Any]]) -> None:
    """What the route returns is handed on, so that the async API can await it; a delay never answers."""
    route = Route(Request("http://a.test/", navigates=True))

    injection = Injection(fault)
    returned = injection(route)

    assert route.done == done
    assert injection.met == (fault != Fault.THIRD_PARTY)
    assert returned == ("awaitable" if done else None)


def test_only_third_parties_are_blocked() -> None:
    """The first document's host and port are the first party, whatever it links to or opens later."""
    block = Injection(Fault.THIRD_PARTY)
    requests = [
        Request("http://a.test:80/", navigates=True), Request("http://a.test:80/x.js"), Request("http://a.test:81/x.js"),
        Request("http://ads.test/", navigates=True), Request("http://a.test:80/y", navigates=True),
    ]  # fmt: skip
    routes = [Route(request) for request in requests]

    for route in routes:
        block(route)

    assert [route.done[0][0] for route in routes] == ["fallback", "fallback", "abort", "abort", "fallback"]
    assert block.met == 2


def test_each_handler_finds_its_own_first_party() -> None:
    """One journey's host is not another's."""
    routes = [Route(Request(f"http://{host}.test/", navigates=True)) for host in "ab"]

    for route in routes:
        Injection(Fault.THIRD_PARTY)(route)

    assert [route.done for route in routes] == [[("fallback", None)], [("fallback", None)]]


@pytest.mark.parametrize("fault", list(Fault))
def test_a_dead_server_leaves_no_journey_green(fault: Fault) -> None:
    """A slow one, or one without its third parties, may."""
    dead = {Fault.ABORT, Fault.ERROR, Fault.EMPTY}

    is_dead = fault.is_dead_server

    assert is_dead == (fault in dead)
