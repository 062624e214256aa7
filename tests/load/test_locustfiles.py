"""Locustfiles as people write them, and what goes wrong in them: a real Locust, a real target."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from outrider.load import levels
from outrider.load.profile import DURATION_S, AbortRule, Expectation
from outrider.load.shapes import Arrivals, Steps
from outrider.model import Outcome, altogether
from outrider.workspace import LoadSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.load.conftest import Ground, Server

    from outrider.model import LoadInterval

HTTP = """
from locust import HttpUser, constant, task
class Visitor(HttpUser):
    wait_time = constant(0.05)
    @task
    def look(self):
        self.client.get("/")
"""

GOOD = {
    "HttpUser": HTTP,
    "FastHttpUser": HTTP.replace("HttpUser", "FastHttpUser"),
    "custom user with custom arguments and sibling import": """
import time
from locust import User, constant, events, task
from sibling import ask
@events.init_command_line_parser.add_listener
def add(parser):
    parser.add_argument("--path", default="/none")
class Custom(User):
    wait_time = constant(0.05)
    @task
    def look(self):
        before = time.perf_counter()
        body = ask(self.environment.host + self.environment.parsed_options.path)
        self.environment.events.request.fire(
            request_type="CUSTOM", name="ask", response_time=(time.perf_counter() - before) * 1000,
            response_length=len(body), exception=None, context={})
""",
    "nested task sets, tags, on_start and events": """
from locust import HttpUser, SequentialTaskSet, TaskSet, constant, events, tag, task
@events.test_start.add_listener
def start(environment, **_):
    environment.began = True
class Steps(SequentialTaskSet):
    @task
    def one(self):
        self.client.get("/one")
    @task
    def two(self):
        self.client.get("/two")
        self.interrupt()
class Visitor(HttpUser):
    wait_time = constant(0.02)
    tasks = [Steps]
    def on_start(self):
        assert self.environment.began
        self.client.get("/start")
""",
    "several user classes with weights and fixed counts": HTTP
    + """
class Other(HttpUser):
    fixed_count = 1
    wait_time = constant(0.05)
    @task
    def look(self):
        self.client.get("/other")
""",
}
ENDING = {"quits", "exits in a task", "ends the load itself"}
"""They end long before their time is up, however slow the machine is."""

SIBLING = """
import gc
import requests
assert gc.isenabled(), "as in any program"
def ask(url):
    return requests.get(url).text
"""

BAD = {
    "syntax error": ("def (:\n", Outcome.SETUP_ERROR, r"locustfile.py:1: SyntaxError"),
    "no user class": ("import locust\n", Outcome.SETUP_ERROR, r"No User class found"),
    "raises at import": ("import os\nTOKEN = os.environ['NO_SUCH_TOKEN']\n", Outcome.SETUP_ERROR,
                         r"locustfile.py:2: KeyError: 'NO_SUCH_TOKEN'"),
    "exits at import": ("import sys\nsys.exit(3)\n", Outcome.SETUP_ERROR, r"before the load began \(exit code 3\)"),
    "never sends": (HTTP.replace('self.client.get("/")', "pass"), Outcome.SETUP_ERROR,
                    r"^no request was made: 2 users were sleeping between tasks$"),
    "fails before it sends": (HTTP.replace('self.client.get("/")', "{}['token']"), Outcome.SETUP_ERROR,
                              r"no request was made: .*own code raised \d+ times: \d+ x KeyError: 'token'"),
    "swallows every exception": (
        HTTP.replace('        self.client.get("/")', '        try:\n            self.client.nothing("/")\n'
                     "        except Exception:\n            pass"), Outcome.SETUP_ERROR, r"no request was made"),
    "quits": (HTTP + "        quit()\n", Outcome.SETUP_ERROR, r"the locustfile ended Locust after \d+ s \(exit code 0"),
    "exits in a task": (HTTP + "        import sys\n        sys.exit(1)\n", Outcome.SETUP_ERROR,
                        r"\(exit code 1: sys.exit"),
    "ends the load itself": (HTTP + "        self.environment.runner.quit()\n", Outcome.INCONCLUSIVE,
                             r"the locustfile ended the load after \d+ of 60 s"),
    "unknown argument": (HTTP, Outcome.SETUP_ERROR, r"unrecognized arguments: --no-such"),
    "host elsewhere": (HTTP.replace("wait_time", "host = 'http://shop.invalid'\n    wait_time"), Outcome.SETUP_ERROR,
                       r"asked for shop.invalid, where no load may go: .*allowed_hosts"),
    "request elsewhere": (HTTP.replace('"/"', '"http://shop.invalid/"'), Outcome.SETUP_ERROR,
                          r"asked for shop.invalid"),
    "address elsewhere": (HTTP.replace('"/"', '"http://192.0.2.7/"'), Outcome.SETUP_ERROR, r"asked for 192.0.2.7"),
    "failures": (HTTP.replace('"/"', '"/fail"'), Outcome.FAILED,
                 r"^(100|9[\d.]+) % of \d+ requests failed, at most 1 % may \(\d+ x GET /fail: HTTPError: 500 .*\)$"),
    "exit code of its own": (HTTP + "\nfrom locust import events\n@events.quitting.add_listener\n"
                             "def decide(environment, **_):\n    environment.process_exit_code = 5\n", Outcome.FAILED,
                             r"asks for exit code 5"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", GOOD)
def test_runs_unchanged(ground: Ground, name: str) -> None:
    ground.write(GOOD[name])
    ground.write(SIBLING, "sibling.py")
    own_client = ("--path", "/custom", "--stop-timeout", "5")  # what the end cut off, only its own code would know
    arguments = own_client if "custom" in name else ()

    measured = ground.load(ground.profile(arguments=arguments))

    assert (measured.outcome, measured.reason) == (Outcome.PASSED, "")
    assert measured.load is not None
    assert altogether(measured.load.endpoints).requests > 5
    assert [step.title for step in measured.steps] == [endpoint.endpoint for endpoint in measured.load.endpoints]


@pytest.mark.slow
@pytest.mark.parametrize("name", BAD)
def test_says_what_is_wrong(ground: Ground, target: Server, name: str) -> None:
    text, outcome, reason = BAD[name]
    if "exits" in name or "elsewhere" in name or name == "quits":
        ground.uncount("it ends at once, or does not ask the target")
    ground.write(text)
    host = None if name == "host elsewhere" else ground.host
    arguments = ("--no-such",) if name == "unknown argument" else ()

    measured = ground.load(ground.profile(arguments=arguments, host=host, duration_s=60.0 if name in ENDING else 1.0))

    assert measured.outcome == outcome, measured.reason
    assert re.search(reason, measured.reason), measured.reason
    assert [artifact.name for artifact in measured.artifacts] == ["locust.log"]


@pytest.mark.slow
def test_its_own_shape_decides_over_users_and_end(ground: Ground) -> None:
    ground.write(
        HTTP
        + """
from locust import LoadTestShape
class Shape(LoadTestShape):
    def tick(self):
        return (3, 100) if self.get_run_time() < 2 else None
"""
    )

    measured = ground.load(ground.profile(users=None, spawn_rate=None, duration_s=None))

    assert measured.outcome == Outcome.PASSED, measured.reason
    assert measured.load is not None
    assert measured.load.most_users == 3


@pytest.mark.slow
def test_a_shape_of_ours_steers_users(ground: Ground) -> None:
    ground.write(HTTP)

    measured = ground.load(ground.profile(users=None, duration_s=4.0, shape=Steps((1, 4), 2.0)))

    assert measured.outcome == Outcome.PASSED, measured.reason
    assert measured.load is not None
    assert {1, 4} <= {interval.users for interval in measured.load.intervals}


@pytest.mark.slow
def test_processes_share_the_load_and_merge_exactly(ground: Ground, target: Server) -> None:
    """What is counted is what the server counts, including requests that were open at the end."""
    ground.write(HTTP)

    measured = ground.load(ground.profile(users=4, processes=2, duration_s=3.0))

    assert measured.outcome == Outcome.PASSED, measured.reason
    assert measured.load is not None
    assert max(interval.workers for interval in measured.load.intervals) == 2
    assert altogether(measured.load.endpoints).requests == len(target.seen)


@pytest.mark.slow
def test_a_killed_worker_makes_the_run_inconclusive(ground: Ground) -> None:
    ground.uncount("what it counted last is lost")
    ground.write(HTTP)
    done = threading.Event()

    class Killer:
        def second(self, so_far: Sequence[LoadInterval], left_s: float | None) -> None:
            below = psutil.Process().children(recursive=True)  # those of other tests' fixtures, too
            workers = [own for own in below if own.ppid() != os.getpid() and "locust" in str(own.cmdline())]
            if not done.is_set() and len(workers) == 2:
                workers[0].send_signal(signal.SIGKILL)
                done.set()

    measured = ground.load(ground.profile(processes=2, duration_s=7.0), Killer())

    assert done.is_set()
    assert measured.outcome == Outcome.INCONCLUSIVE
    assert measured.reason == "1 of 2 workers were lost during the load"


@pytest.mark.slow
def test_an_abort_rule_stops_the_load_within_two_seconds(ground: Ground, target: Server) -> None:
    ground.write(HTTP.replace('"/"', '"/fail"'))
    rule = AbortRule(Expectation(failure_share=0.5), window_s=2.0)

    measured = ground.load(ground.profile(users=10, duration_s=60.0, abort=rule))

    assert measured.outcome == Outcome.FAILED
    assert re.match(r"stopped after \d s: 100 % of \d+ requests failed, at most 50 % may within 2 s", measured.reason)
    sent = len(target.seen)
    assert not [
        process
        for process in psutil.process_iter(["cmdline"])
        if "locust" in str(process.info["cmdline"]) and process.ppid() == os.getpid()
    ]
    assert sent == len(target.seen)


@pytest.mark.slow
def test_a_load_that_is_not_reached_is_inconclusive(ground: Ground) -> None:
    ground.write(HTTP)

    measured = ground.load(ground.profile(users=100, spawn_rate=2.0))

    assert measured.outcome == Outcome.INCONCLUSIVE
    assert re.match(r"the load was not reached: \d of 100 users", measured.reason)


@pytest.mark.slow
def test_a_rate_that_is_not_reached_is_inconclusive(ground: Ground) -> None:
    ground.write(HTTP.replace('"/"', '"/sleep?s=0.5"'))

    measured = ground.load(ground.profile(duration_s=4.0, shape=Arrivals(20.0, 2)))

    assert measured.outcome == Outcome.INCONCLUSIVE
    assert re.match(
        r"the rate was not reached: at the end tasks began \d\.\d s late, all 2 users were busy", measured.reason
    )


@pytest.mark.slow
def test_a_saturated_generator_makes_the_run_inconclusive(ground: Ground) -> None:
    ground.write(
        HTTP.replace('        self.client.get("/")', '        self.client.get("/")\n        sum(range(3_000_000))')
    )
    ground.settings = LoadSettings(busy_above=0.5, late_s=0.2)

    measured = ground.load(ground.profile(users=10, duration_s=4.0))

    assert measured.outcome == Outcome.INCONCLUSIVE
    assert re.match(
        r"the generator was saturated in \d+ % of the time|the generator was saturated in \d+%", measured.reason
    )


@pytest.mark.slow
def test_an_interrupt_keeps_what_was_measured(ground: Ground) -> None:
    ground.write(HTTP)

    class Impatient:
        def second(self, so_far: Sequence[LoadInterval], left_s: float | None) -> None:
            raise KeyboardInterrupt

    measured = ground.load(ground.profile(duration_s=60.0), Impatient())

    assert measured.outcome == Outcome.INCONCLUSIVE
    assert re.match(r"interrupted after \d s: these are partial results", measured.reason)
    assert measured.load is not None
    assert altogether(measured.load.endpoints).requests > 0


@pytest.mark.slow
def test_expectations_of_one_endpoint_fail_the_run(ground: Ground) -> None:
    ground.write(HTTP.replace('"/"', '"/sleep?s=0.05"'))
    limits = {"GET /sleep?s=0.05": Expectation(quantiles={0.95: 20.0}), "GET /never": Expectation()}

    measured = ground.load(ground.profile(expect=limits))

    assert measured.outcome == Outcome.FAILED
    assert re.search(
        r"GET /sleep\?s=0\.05: p95 is \d+ ms, 20 ms allowed; GET /never: was never requested", measured.reason
    )


@pytest.mark.slow
def test_an_endless_load_is_stopped_at_its_deadline(ground: Ground) -> None:
    ground.write(HTTP)
    before_s = time.monotonic()

    measured = ground.load(ground.profile(duration_s=60.0), deadline_s=8.0)

    assert time.monotonic() - before_s < 60  # it did not run to its end
    assert measured.outcome == Outcome.INCONCLUSIVE, measured.reason
    assert "was still running after" in measured.reason


@pytest.mark.slow
def test_errors_are_no_throughput_of_a_load(ground: Ground) -> None:
    """Its sample of the rate and its floor count what succeeded, its levels too."""
    ground.write(HTTP + '        self.client.get("/fail")\n')
    limits = {"": Expectation(requests_per_s=1e6)}

    measured = ground.load(ground.profile(duration_s=4.0, expect=limits))

    assert measured.load is not None
    by_name = {endpoint.endpoint: endpoint for endpoint in measured.load.endpoints}
    good = by_name["GET /"].succeeded.total
    rates = {sample.step: sample.value for sample in measured.samples if sample.metric == "requests_per_s"}
    assert rates["GET /fail"] == 0.0
    assert rates[""] == pytest.approx(good / measured.load.length_s, rel=0.05)
    assert measured.reason.startswith(f"{rates['']:.1f} requests/s succeeded, at least 1e+06 expected")
    assert all(level.requests_per_s < 1.5 * rates[""] for level in levels(measured.load.intervals))


@pytest.mark.slow
def test_a_stall_shows_in_times_from_the_intended_start(ground: Ground, target: Server) -> None:
    ground.write(HTTP)

    class Stall:
        def second(self, so_far: Sequence[LoadInterval], left_s: float | None) -> None:
            if not target.stalled.is_set() and so_far[-1].offset_s < 1:
                target.stalled.set()
                threading.Timer(1.5, target.stalled.clear).start()

    measured = ground.load(ground.profile(duration_s=5.0, shape=Arrivals(20.0, 5)), Stall())

    assert measured.load is not None
    (endpoint,) = measured.load.endpoints
    assert endpoint.intended is not None
    assert endpoint.intended.total == endpoint.requests
    seen, truth = endpoint.times.quantile(0.85), endpoint.intended.quantile(0.85)
    assert seen is not None
    assert truth is not None
    assert truth > 2 * seen


@pytest.mark.slow
def test_users_who_pace_themselves_have_an_intended_start_too(ground: Ground) -> None:
    ground.write(
        HTTP.replace("constant", "constant_throughput").replace("(0.05)", "(10)").replace('"/"', '"/sleep?s=0.35"')
    )

    measured = ground.load(ground.profile(duration_s=4.0))

    assert measured.load is not None
    (endpoint,) = measured.load.endpoints
    assert endpoint.intended is not None
    assert endpoint.intended.total > 2 * endpoint.requests  # of each three that were due, two were never sent


@pytest.mark.slow
def test_no_request_tells_what_users_were_doing(ground: Ground) -> None:
    """The line of their own code is named."""
    ground.write(HTTP + "    def on_start(self):\n        import time\n        time.sleep(60)\n")

    measured = ground.load(ground.profile(duration_s=3.0))

    assert measured.outcome == Outcome.SETUP_ERROR
    assert measured.reason == "no request was made: 2 users were still in on_start (locustfile.py:10)"


def test_no_request_tells_where_the_event_loop_stands_still(ground: Ground) -> None:
    """A library that blocks lets no other user run, nor Locust."""
    ground.write(HTTP.replace('self.client.get("/")', "while True:\n            pass"))

    measured = ground.load(ground.profile(duration_s=2.0))

    assert measured.outcome == Outcome.SETUP_ERROR
    assert re.match(r"no request was made: the event loop is blocked in look \(locustfile.py:\d+\)", measured.reason), (
        measured.reason
    )


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("locust.conf", "users = 3\nspawn-rate = 9\nrun-time = 2s\n"),
        ("pyproject.toml", "[tool.locust]\nusers = 3\nspawn-rate = 9\nrun-time = '2s'\n"),
    ],
)
def test_locusts_own_configuration_beside_the_file_is_honoured(ground: Ground, file: str, text: str) -> None:
    """As far as no profile decides otherwise."""
    ground.write(HTTP)
    ground.write(text, file)

    measured = ground.load(ground.profile(users=None, spawn_rate=None, duration_s=None))

    assert measured.outcome == Outcome.PASSED, measured.reason
    assert measured.load is not None
    assert measured.load.most_users == 3
    assert measured.load.length_s < 5


def test_processes_among_the_arguments_share_the_load(ground: Ground) -> None:
    """Their reports come in as those of a profile's own processes do."""
    ground.write(HTTP)

    measured = ground.load(ground.profile(users=4, duration_s=2.0, arguments=("--processes", "2")))

    assert measured.outcome == Outcome.PASSED, measured.reason
    assert measured.load is not None
    assert max(interval.workers for interval in measured.load.intervals) == 2


@pytest.mark.slow
def test_listeners_of_test_start_take_part_of_the_run_time(ground: Ground) -> None:
    """Locust's timer runs meanwhile; the load that is left was not ended by the locustfile."""
    ground.write(
        HTTP + "import gevent\nfrom locust import events\n"
        "@events.test_start.add_listener\ndef prepare(**_):\n    gevent.sleep(2)\n"
    )

    measured = ground.load(ground.profile(duration_s=None, arguments=("-t", "5s")))

    assert measured.outcome == Outcome.PASSED, measured.reason


@pytest.mark.slow
def test_a_run_time_among_the_arguments_ends_the_load(ground: Ground) -> None:
    """Progress counts down to it."""
    ground.write(HTTP)
    left: list[float | None] = []

    class Watcher:
        def second(self, so_far: Sequence[LoadInterval], left_s: float | None) -> None:
            left.append(left_s)

    measured = ground.load(ground.profile(duration_s=None, arguments=("-t", "6s")), Watcher())

    assert measured.outcome == Outcome.PASSED, measured.reason
    assert measured.load is not None
    assert measured.load.length_s < DURATION_S
    assert left
    assert all(left_s is not None and left_s <= 6 for left_s in left)


def raising_listener(event: str) -> str:
    return (
        f"{HTTP}\nfrom locust import events\n@events.{event}.add_listener\n"
        "def listen(**_):\n    raise ValueError('broken listener')\n"
    )


RAISING = {
    "task after its request": (HTTP + "        {}['token']\n", "KeyError: 'token'"),
    "on_start of one user": (
        HTTP + "class Second(Visitor):\n    def on_start(self):\n        raise ValueError('no account')\n",
        "ValueError: no account",
    ),
    **{
        f"listener of {event}": (raising_listener(event), "ValueError: broken listener")
        for event in ("test_start", "request", "test_stop", "quitting")
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("name", RAISING)
def test_a_load_whose_own_code_raised_is_never_green(ground: Ground, name: str) -> None:
    """Requests that succeed do not hide exceptions of tasks, hooks and listeners."""
    text, error = RAISING[name]
    ground.write(text)

    measured = ground.load(ground.profile())

    assert measured.outcome == Outcome.SETUP_ERROR, measured.reason
    assert re.search(rf"the locustfile's own code raised (once|\d+ times): \d+ x {error}", measured.reason), (
        measured.reason
    )
