"""Requests without an answer, and the time in which load is asked for: a real Locust, a target that hangs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from outrider.load.profile import AbortRule, Expectation
from outrider.load.shapes import Arrivals, Soak
from outrider.model import Outcome, altogether

if TYPE_CHECKING:
    from tests.load.conftest import Ground, Server

HTTP = """
from locust import HttpUser, constant, task
class Visitor(HttpUser):
    wait_time = constant(0.05)
    @task
    def look(self):
        self.client.get("/")
"""
HANG_AFTER_S = 1.5


@pytest.mark.slow
@pytest.mark.parametrize("client", ["HttpUser", "FastHttpUser"])
def test_a_target_that_hangs_from_the_start_fails_the_load(ground: Ground, target: Server, client: str) -> None:
    """Its requests are counted though none has an answer."""
    ground.write(HTTP.replace("HttpUser", client))
    target.stalled.set()

    measured = ground.load(ground.profile(duration_s=4.0, hang_after_s=HANG_AFTER_S))

    assert measured.outcome == Outcome.FAILED, measured.reason
    assert re.match(r"GET / hangs: 2 of 2 requests had no answer, for up to [3-9] s", measured.reason), measured.reason


def test_a_target_that_hangs_in_on_start_fails_the_load(ground: Ground) -> None:
    """Users who never get to their tasks have asked it all the same."""
    ground.write(f"{HTTP}    def on_start(self):\n        self.client.get('/sleep?s=60')\n")

    measured = ground.load(ground.profile(duration_s=4.0, hang_after_s=HANG_AFTER_S))

    assert measured.outcome == Outcome.FAILED, measured.reason
    assert measured.reason.startswith("GET /sleep?s=60 hangs: 2 of 2 requests had no answer")


STREAMS = {
    "read whole": "self.client.get('/body?s=60', stream=True).content",
    "read in parts": "list(self.client.get('/body?s=60', stream=True).iter_content(1))",
    "read in a block": "with self.client.get('/body?s=60', stream=True, catch_response=True) as one: one.content",
}


@pytest.mark.slow
@pytest.mark.parametrize("client", ["HttpUser", "FastHttpUser"])
@pytest.mark.parametrize("way", STREAMS)
def test_a_body_that_stalls_hangs_though_its_head_has_come(ground: Ground, way: str, client: str) -> None:
    """Locust reports a streamed request when its head is there."""
    ground.write(HTTP.replace("HttpUser", client).replace('self.client.get("/")', STREAMS[way]))

    measured = ground.load(ground.profile(duration_s=4.0, hang_after_s=HANG_AFTER_S))

    assert measured.outcome == Outcome.FAILED, measured.reason
    assert measured.reason.startswith("GET /body?s=60 hangs: 2 of 2 requests had no answer"), measured.reason


@pytest.mark.slow
def test_a_body_that_pauses_counts_when_it_has_come(ground: Ground) -> None:
    """What was taken back meanwhile is an answer in the end."""
    ground.write(HTTP.replace('self.client.get("/")', "self.client.get('/body?s=2', stream=True).content"))

    measured = ground.load(ground.profile(users=1, duration_s=6.0))

    assert measured.outcome == Outcome.PASSED, measured.reason
    assert measured.load is not None
    assert altogether(measured.load.endpoints).succeeded.total >= 1


@pytest.mark.slow
def test_a_target_that_hangs_after_some_answers_fails_the_load(ground: Ground, target: Server) -> None:
    """Age of the open requests stands in the percentiles."""
    ground.write(HTTP)
    target.stalls_after = 10

    measured = ground.load(ground.profile(duration_s=4.0, hang_after_s=HANG_AFTER_S))

    assert measured.outcome == Outcome.FAILED, measured.reason
    assert re.match(r"GET / hangs: 2 of 12 requests had no answer", measured.reason), measured.reason
    assert measured.load is not None
    p99_ms = altogether(measured.load.endpoints).times.quantile(0.99)
    assert p99_ms is not None
    assert p99_ms > HANG_AFTER_S * 1000


@pytest.mark.slow
def test_a_total_stall_meets_a_floor_that_aborts(ground: Ground, target: Server) -> None:
    """It does so although nothing else is known of the target."""
    ground.write(HTTP)
    target.stalls_after = 10
    rule = AbortRule(Expectation(requests_per_s=1.0), window_s=2.0)

    measured = ground.load(ground.profile(duration_s=60.0, abort=rule))

    assert measured.outcome == Outcome.FAILED, measured.reason
    assert re.search(r"no request was answered, at least \d expected within 2 s", measured.reason), measured.reason


@pytest.mark.slow
def test_hanging_arrivals_count_from_their_intended_start(ground: Ground, target: Server) -> None:
    """Tasks that came late to a hanging target are older than their requests."""
    ground.write(HTTP)
    target.stalls_after = 10

    measured = ground.load(ground.profile(duration_s=4.0, hang_after_s=HANG_AFTER_S, shape=Arrivals(20.0, 4)))

    assert measured.outcome == Outcome.FAILED, measured.reason
    assert measured.load is not None
    (endpoint,) = measured.load.endpoints
    assert endpoint.intended is not None
    assert endpoint.intended.total == endpoint.requests == 14
    assert (endpoint.intended.quantile(1.0) or 0) >= (endpoint.times.quantile(1.0) or 0) > HANG_AFTER_S * 1000


@pytest.mark.slow
def test_a_load_too_short_to_show_a_hang_is_inconclusive(ground: Ground, target: Server) -> None:
    """None of its requests had an answer, and none is old enough to hang."""
    ground.write(HTTP)
    target.stalled.set()

    measured = ground.load(ground.profile(duration_s=2.0))

    assert measured.outcome == Outcome.INCONCLUSIVE, measured.reason
    assert re.match(r"none of 2 requests had an answer after \d+ s", measured.reason), measured.reason


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_a_stop_timeout_is_waited_for(ground: Ground, target: Server, processes: int) -> None:
    """Requests that are answered while users stop count, and their time is no load time."""
    ground.write(HTTP.replace('"/"', '"/sleep?s=1.5"'))
    arguments = ("--stop-timeout", "10")

    measured = ground.load(ground.profile(duration_s=2.0, arguments=arguments, processes=processes))

    assert measured.load is not None
    total = altogether(measured.load.endpoints)
    assert total.unanswered.total == 0, measured.reason
    assert total.succeeded.total == len(target.seen)
    assert measured.load.length_s < 3.0


@pytest.mark.slow
def test_users_that_ramp_down_lose_no_worker(ground: Ground, target: Server) -> None:
    """Workers without users are still there, and stopping takes no load time."""
    ground.write(HTTP)

    measured = ground.load(ground.profile(users=None, processes=2, duration_s=10.0, shape=Soak(4, 2.0, 10.0)))

    assert measured.outcome == Outcome.PASSED, measured.reason
    assert measured.load is not None
    assert measured.load.length_s < 11.0
    assert altogether(measured.load.endpoints).requests == len(target.seen)
