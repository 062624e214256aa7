"""What a load counts is what its target has seen, whatever becomes of a request."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from outrider.load.profile import Expectation

if TYPE_CHECKING:
    from tests.load.conftest import Ground, Server

FILE = """
import gevent
from gevent.pool import Pool
from locust import FastHttpUser, HttpUser, constant, events, task
from locust.exception import RescheduleTask
"""
USER = """
class Visitor{number}({client}):
    wait_time = constant(0.2)
    @task
    def look(self):
"""
WAYS = {
    "a block that raises": ("with self.client.get('/', catch_response=True):", "    raise ValueError('x')"),
    "a block that is interrupted": ("with self.client.get('/', catch_response=True):", "    raise RescheduleTask()"),
    "a block that outlives the load": ("with self.client.get('/', catch_response=True):", "    gevent.sleep(60)"),
    "a block that marks it": ("with self.client.get('/', catch_response=True) as one:", "    one.failure('x')"),
    "a block within a block": (
        "with self.client.get('/a', catch_response=True):",
        "    with self.client.get('/b', catch_response=True):", "        raise ValueError('x')"),
    "a caught response without a block": ("self.client.get('/', catch_response=True)",),
    "a REST block": ("with self.rest('GET', '/'):", "    raise ValueError('x')"),
    "a time-out of its own": ("with gevent.Timeout(0.2, False):", "    self.client.get('/sleep?s=1')"),
    "a time-out of the client": ("self.client.get('/sleep?s=1', {timeout}=0.2)",),
    "a pool that outlives the load": (
        "pool = Pool(3)", "for _ in range(3):", "    pool.spawn(self.client.get, '/sleep?s=0.4')", "pool.join()"),
    "greenlets that nobody waits for": ("gevent.spawn(self.client.get, '/sleep?s=0.3')",),
    "a stream that is not read": ("self.client.get('/', stream=True)",),
    "a stream that is read": (
        "response = self.client.get('/', stream=True)", "assert b''.join(response.iter_content(2, False)) == b'hello'"),
    "a stream that is read in a block": (
        "with self.client.get('/body?s=0.1', stream=True, catch_response=True) as response:",
        "    assert b''.join(response.iter_content(2, False)) == b'hello'", "    response.success()"),
    "a stream that outlives the load": ("self.client.get('/body?s=9', stream=True).content",),
    "an answer that is an error": ("self.client.get('/fail')", "self.client.get('/fail', name='/x')"),
    "a user that stops": ("self.client.get('/')", "self.stop()"),
    "an address that is none": ("self.client.get('/')", "self.client.get('http://[')"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("client", ["HttpUser", "FastHttpUser"])
def test_each_request_counts_once(ground: Ground, target: Server, client: str) -> None:
    """Two users of each way at a time, whose paths begin with its number: a load has many kinds of users."""
    timeout = "timeout" if client == "HttpUser" else "network_timeout"
    text = FILE
    for number, way in enumerate(WAYS.values()):
        lines = "".join(f"        {line}\n" for line in way).replace("{timeout}", timeout)
        text += USER.format(number=number, client=client) + lines.replace("'/", f"'/{number}/")
    ground.write(text)

    measured = ground.load(ground.profile(users=2 * len(WAYS), duration_s=3.0, expect={"": Expectation()}))

    assert measured.load is not None
    seen = Counter(path.split("/")[1] for path in target.seen)
    counted = Counter[str]()
    for endpoint in measured.load.endpoints:
        counted[endpoint.endpoint.split("/")[1]] += endpoint.requests
    names = dict(enumerate(WAYS))
    assert {names[int(way)]: count for way, count in counted.items()} == {
        names[int(way)]: count for way, count in seen.items()
    }
    assert len(seen) == len(WAYS)


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_requests_of_hooks_count_too(ground: Ground, target: Server, processes: int) -> None:
    """Those of `on_start` and `on_stop`, and those that Locust's events are told of by a listener."""
    ground.write(
        FILE
        + USER.format(number=0, client="HttpUser")
        + "        self.client.get('/')\n    def on_start(self):\n        self.client.get('/in')\n"
        + "    def on_stop(self):\n        self.client.get('/out')\n"
    )

    measured = ground.load(ground.profile(duration_s=1.5, processes=processes))

    assert measured.load is not None
    by_name = {endpoint.endpoint: endpoint.requests for endpoint in measured.load.endpoints}
    assert (by_name["GET /in"], by_name["GET /out"]) == (2, 2)
    assert sum(by_name.values()) == len(target.seen)
