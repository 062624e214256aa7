"""What a load counts is what its target has seen, whatever becomes of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrider.load.profile import Expectation
from outrider.model import altogether

if TYPE_CHECKING:
    from tests.load.conftest import Ground, Server

FILE = """
import gevent
from gevent.pool import Pool
from locust import FastHttpUser, HttpUser, constant, events, task
from locust.exception import RescheduleTask
class Visitor({client}):
    wait_time = constant(0.05)
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
    "an answer that is an error": ("self.client.get('/fail')", "self.client.get('/fail', name='x')"),
    "a user that stops": ("self.client.get('/')", "self.stop()"),
    "an address that is none": ("self.client.get('/')", "self.client.get('http://[')"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("client", ["HttpUser", "FastHttpUser"])
@pytest.mark.parametrize("way", WAYS)
def test_each_request_counts_once(ground: Ground, target: Server, way: str, client: str) -> None:
    """The comparison itself is made after every load of these tests."""
    timeout = "timeout" if client == "HttpUser" else "network_timeout"
    lines = "".join(f"        {line}\n" for line in WAYS[way]).replace("{timeout}", timeout)
    ground.write(FILE.format(client=client) + lines)

    measured = ground.load(ground.profile(duration_s=1.5, expect={"": Expectation()}))

    assert measured.load is not None
    assert altogether(measured.load.endpoints).requests == len(target.seen) > 0


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_requests_of_hooks_count_too(ground: Ground, target: Server, processes: int) -> None:
    """Those of `on_start` and `on_stop`, and those that Locust's events are told of by a listener."""
    ground.write(
        FILE.format(client="HttpUser")
        + "        self.client.get('/')\n    def on_start(self):\n        self.client.get('/in')\n"
        + "    def on_stop(self):\n        self.client.get('/out')\n"
    )

    measured = ground.load(ground.profile(duration_s=1.5, processes=processes))

    assert measured.load is not None
    by_name = {endpoint.endpoint: endpoint.requests for endpoint in measured.load.endpoints}
    assert (by_name["GET /in"], by_name["GET /out"]) == (2, 2)
    assert sum(by_name.values()) == len(target.seen)
