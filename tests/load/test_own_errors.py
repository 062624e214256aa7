"""Every way in which the user's code can raise in Locust: a real Locust, in one process and in several."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from outrider.load.profile import Expectation
from outrider.model import Outcome

if TYPE_CHECKING:
    from tests.load.conftest import Ground

HTTP = """
import threading
import gevent
from gevent.pool import Pool
from locust import HttpUser, LoadTestShape, TaskSet, constant, events, task
from locust.exception import StopTest, StopUser
from locust.runners import MasterRunner, WorkerRunner
class Visitor(HttpUser):
    wait_time = constant(0.05)
    @task
    def look(self):
        self.client.get("/")
"""
RAISE = "    raise ValueError('no good')\n"
IN_WORKER = "    if isinstance(environment.runner, WorkerRunner):\n    "
GOOD = r"the locustfile's own code raised (once|\d+ times): \d+ x ValueError: no good \(locustfile.py:\d+\)"


def listener(event: str, body: str = RAISE) -> str:
    return f"{HTTP}@events.{event}.add_listener\ndef listen(environment=None, **_):\n{body}"


def method(name: str, body: str = RAISE) -> str:
    return f"{HTTP}    def {name}(self):\n    {body}"


def in_task(*lines: str) -> str:
    return HTTP + "".join(f"        {line}\n" for line in lines)


EVENTS = ("init", "test_start", "spawning_complete", "test_stopping", "test_stop", "request", "quitting")

RAISING = {
    **{f"listener of {event}": listener(event) for event in EVENTS},
    "listener of init_command_line_parser": listener("init_command_line_parser"),
    "listener of user_error": listener("user_error").replace('"/")\n', '"/")\n        raise ValueError("no good")\n'),
    "task after its request": in_task("raise ValueError('no good')"),
    "on_start of some users": HTTP + "class Second(Visitor):\n    def on_start(self):\n    " + RAISE,
    "on_stop of a user": method("on_stop"),
    "on_stop of a task set": HTTP
    + "class Set(TaskSet):\n    @task\n    def look(self):\n        self.client.get('/')\n    def on_stop(self):\n    "
    + RAISE
    + "class Second(HttpUser):\n    wait_time = constant(0.05)\n    tasks = [Set]\n",
    "wait_time": method("wait_time"),
    "__init__ of a user": HTTP + "class Second(Visitor):\n    def __init__(self, environment):\n    " + RAISE,
    "block of a caught response": in_task(
        "with self.client.get('/', catch_response=True) as response:", "    raise ValueError('no good')"
    ),
    "greenlet that is joined": in_task("def fail():", "    raise ValueError('no good')", "gevent.spawn(fail).join()"),
    "greenlet of a pool": in_task(
        "def fail(_):", "    raise ValueError('no good')", "pool = Pool(2)", "pool.spawn(fail, 1)", "pool.join()"
    ),
    "greenlet that goes on beside": listener(
        "test_start", "    def fail():\n        raise ValueError('no good')\n    gevent.spawn_later(0.3, fail)\n"
    ),
    "thread": in_task("def fail():", "    raise ValueError('no good')", "threading.Thread(target=fail).start()"),
    "tick of a shape": HTTP
    + "class Shape(LoadTestShape):\n    def tick(self):\n"
    + "        if self.get_run_time() < 1:\n            return 2, 100\n    "
    + RAISE,
    "message handler": listener(
        "test_start",
        "    environment.runner.register_message('news', fail)\n    environment.runner.send_message('news')\n",
    )
    + "def fail(environment, msg):\n"
    + RAISE,
    "one that sets the exit code": listener("quitting", "    environment.process_exit_code = 0\n").replace(
        '"/")\n', '"/")\n        raise ValueError("no good")\n'
    ),
    "one that raises the log level": in_task("raise ValueError('no good')") + "import logging\nlogging.disable()\n",
    "one that is caught nowhere": in_task("raise ValueError('no good')")
    + "@events.init.add_listener\ndef raise_all(environment, **_):\n    environment.catch_exceptions = False\n",
}


ENDINGS = {
    "exits in a listener of request": (
        listener("request", "    raise SystemExit(3)\n"),
        Outcome.SETUP_ERROR,
        r"ended Locust after \d+ s \(exit code 3",
    ),
    "exits in a listener of test_start": (
        listener("test_start", "    raise SystemExit(3)\n"),
        Outcome.SETUP_ERROR,
        r"before the load began \(exit code 3\)",
    ),
    "exits in a listener of test_stop": (
        listener("test_stop", "    raise SystemExit(0)\n"),
        Outcome.SETUP_ERROR,
        r"the locustfile ended Locust \(exit code 0\) before it had reported all",
    ),
    "exits in a listener of quitting": (
        listener("quitting", "    raise SystemExit(3)\n"),
        Outcome.SETUP_ERROR,
        r"the locustfile ended Locust \(exit code 3\) before it had reported all",
    ),
    "ends the process": (in_task("import os", "os._exit(0)"), Outcome.SETUP_ERROR, r"\(exit code 0"),
    "kills the process": (
        in_task("import os", "os.kill(os.getpid(), 9)"),
        Outcome.INCONCLUSIVE,
        r"Locust was killed by signal 9 after",
    ),
    "kills the process at the end": (
        listener("quitting", "    import os\n    os.kill(os.getpid(), 9)\n"),
        Outcome.INCONCLUSIVE,
        r"Locust was killed by signal 9 at the end of the load",
    ),
    "terminates the process": (
        in_task("import os", "os.kill(os.getpid(), 15)"),
        Outcome.INCONCLUSIVE,
        r"Locust was ended by signal 15 after",
    ),
    "interrupts the process": (
        in_task("import os", "os.kill(os.getpid(), 2)"),
        Outcome.INCONCLUSIVE,
        r"Locust was (ended|killed) by signal 2 after",
    ),
    "stops the test at its start": (
        listener("test_start", "    raise StopTest('not ready')\n"),
        Outcome.SETUP_ERROR,
        r"raised once: 1 x StopTest: not ready",
    ),
    "names no host": (HTTP, Outcome.SETUP_ERROR, r"no request was made: .*StopTest: You must specify the base host"),
    "ends before its shape": (
        in_task("self.environment.runner.quit()")
        + "class Shape(LoadTestShape):\n    def tick(self):\n        return 2, 100\n",
        Outcome.INCONCLUSIVE,
        r"the locustfile ended the load after \d s, before its shape did",
    ),
    "does not end": (
        listener("test_stop", "    gevent.sleep(99)\n"),
        Outcome.SETUP_ERROR,
        r"Locust did not end when the load was over, and was killed: on_stop, or",
    ),
    "loses its users to a time-out": (
        in_task("with gevent.Timeout(0.1):", "    gevent.sleep(9)"),
        Outcome.SETUP_ERROR,
        r"raised \d times: \d x Timeout: 0.1 second",
    ),
    "has assertions that fail": (
        in_task("assert self.client.get('/').text == 'bye', 'no bye'"),
        Outcome.FAILED,
        r"^assertions of the locustfile failed \d+ times: \d+ x AssertionError: no bye \(locustfile.py:\d+\)$",
    ),
    "raises KeyboardInterrupt": (
        in_task("raise KeyboardInterrupt"),
        Outcome.SETUP_ERROR,
        r"raised (once|2 times): \d x KeyboardInterrupt \(locustfile.py:\d+\)",
    ),
    "has a greenlet of a library's function": (
        in_task("import json", "self.client.get('/')", "gevent.spawn(json.loads, '{')"),
        Outcome.SETUP_ERROR,
        r"raised \d+ times: \d+ x JSONDecodeError: .* \(locustfile.py:\d+\)$",
    ),
    "has an exception without a text": (
        in_task("class Mute(Exception):", "    def __str__(self): raise OSError('x')", "raise Mute()"),
        Outcome.SETUP_ERROR,
        r"\d+ x Mute: \(its __str__ raises OSError\) \(locustfile.py:\d+\)",
    ),
    "has an exception of megabytes": (
        in_task("raise ValueError('ß' * 5_000_000)"),
        Outcome.SETUP_ERROR,
        r"^.{,80}\d+ x ValueError: ß{100,300}… \[cut: \d+ characters\]",
    ),
    "stops its users": (in_task("raise StopUser()"), Outcome.PASSED, r"^$"),
    "has failing requests, which it may": (HTTP.replace('"/"', '"/fail"'), Outcome.PASSED, r"^$"),
    "asks for an exit code that explains nothing": (
        in_task("raise ValueError('no good')") + "@events.quitting.add_listener\ndef end(environment, **_):\n"
        "    environment.process_exit_code = 5\n",
        Outcome.FAILED,
        r"asks for exit code 5",
    ),
    "has many kinds of failures before": (
        in_task(
            "for number in range(250):",
            "    events.request.fire(request_type='X', name=chr(200 + number),",
            "        response_time=1, response_length=0, exception=KeyError(number), context={})",
            "raise ValueError('no good')",
        ),
        Outcome.SETUP_ERROR,
        r"raised \d+ times: \d+ x (others|ValueError: no good)",
    ),
    "has many kinds of exceptions": (
        in_task("import random", "kind = ''.join(random.choices('abcdefgh', k=9))", "raise ValueError(kind)").replace(
            "0.05", "0.001"
        ),
        Outcome.SETUP_ERROR,
        r"raised \d+ times: .*; and \d+ other exceptions",
    ),
}


def test_an_error_names_the_path_within_the_workspace(ground: Ground) -> None:
    """Neither the mere name, which several locustfiles share, nor a path of the copy that runs."""
    ground.write("", "outrider.toml")
    ground.write(in_task("raise ValueError('no good')"), "load/shop.py")

    measured = ground.load(ground.profile(file="load/shop.py"))

    assert re.search(r"ValueError: no good \(load/shop.py:\d+\)", measured.reason), measured.reason
    assert measured.load is not None
    assert str(ground.root) not in str(measured.load.failures)


@pytest.mark.slow
@pytest.mark.parametrize("name", RAISING)
def test_an_exception_of_the_users_code_is_counted_and_quoted(ground: Ground, name: str) -> None:
    """No log level hides it, and no request that succeeds."""
    ground.write(RAISING[name])
    is_shaped = "shape" in name

    measured = ground.load(
        ground.profile(duration_s=None if is_shaped else 1.5, arguments=("-L", "CRITICAL")),
    )

    assert measured.outcome == Outcome.SETUP_ERROR, measured.reason
    assert re.search(GOOD, measured.reason), measured.reason


@pytest.mark.slow
@pytest.mark.parametrize("name", ENDINGS)
def test_a_locust_that_ends_oddly_is_accounted_for(ground: Ground, name: str) -> None:
    """Whatever it asks for or says itself."""
    if any(word in name for word in ("process", "exits", "many kinds", "does not end")):
        ground.uncount("what it counted last is lost, or it counts what nobody asked")
    text, outcome, reason = ENDINGS[name]
    ground.write(text)
    tolerant = {"": Expectation(failure_share=1.0)}
    host = None if "host" in name else ground.host

    duration_s = None if "shape" in name else 60.0 if name in SIGNALLED else 1.5
    measured = ground.load(ground.profile(duration_s=duration_s, expect=tolerant, host=host))

    assert measured.outcome == outcome, measured.reason
    assert re.search(reason, measured.reason), measured.reason


SIGNALLED = {
    "terminates the process", "interrupts the process", "kills the process", "ends the process",
    "exits in a listener of request", "raises KeyboardInterrupt",
}  # fmt: skip
"""They end long before their time is up, however late the signal is delivered."""

IN_WORKERS = {
    "task": in_task("raise ValueError('no good')"),
    "on_stop of a user": method("on_stop"),
    "listener of test_stop": listener("test_stop", IN_WORKER + RAISE),
    "listener of quitting": listener("quitting", IN_WORKER + RAISE),
    "listener of report_to_master": listener("report_to_master"),
    "listener of worker_report": listener("worker_report"),
    "message handler": listener(
        "test_start",
        "    runner = environment.runner\n    if isinstance(runner, MasterRunner):\n"
        "        gevent.spawn_later(0.5, runner.send_message, 'news')\n    else:\n"
        "        runner.register_message('news', fail)\n",
    )
    + "def fail(environment, msg):\n"
    + RAISE,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", IN_WORKERS)
def test_an_exception_in_a_worker_reaches_the_verdict(ground: Ground, name: str) -> None:
    """Even after the last user has stopped."""
    ground.write(IN_WORKERS[name])

    measured = ground.load(ground.profile(duration_s=2.0, processes=2, arguments=("-L", "CRITICAL")))

    assert measured.outcome == Outcome.SETUP_ERROR, measured.reason
    assert re.search(GOOD, measured.reason), measured.reason


LEAVING = {
    "killed": ("os.kill(os.getpid(), 9)", Outcome.INCONCLUSIVE, r"\d of 2 workers"),
    "killed at the end": ("os.kill(os.getpid(), 9)", Outcome.INCONCLUSIVE, r"1 of 2 workers"),
    "ended": ("os._exit(0)", Outcome.INCONCLUSIVE, r"\d of 2 workers"),
}


@pytest.mark.slow
@pytest.mark.parametrize("hook", ["look", "on_start"])
def test_a_worker_that_the_locustfile_ends_is_a_setup_error(ground: Ground, hook: str) -> None:
    """Its requests count, and the reason tells how to end one user."""
    text = in_task("raise SystemExit(1)") if hook == "look" else method("on_start", "    raise SystemExit(1)\n")
    ground.write(text)

    measured = ground.load(ground.profile(duration_s=4.0, processes=2))

    assert measured.outcome == Outcome.SETUP_ERROR, measured.reason
    assert re.match(r"the locustfile ended \d of 2 workers: sys.exit\(\) ends", measured.reason), measured.reason


@pytest.mark.slow
def test_a_load_that_the_locustfile_stops_is_inconclusive(ground: Ground) -> None:
    """Locust itself goes on then, without users, until its time is up."""
    ground.write(in_task("self.environment.runner.stop()"))

    measured = ground.load(ground.profile(duration_s=8.0))

    assert measured.outcome == Outcome.INCONCLUSIVE, measured.reason
    assert re.match(r"the locustfile ended the load after \d of 8 s", measured.reason), measured.reason


@pytest.mark.slow
@pytest.mark.parametrize("name", LEAVING)
def test_a_worker_that_leaves_is_never_green(ground: Ground, name: str) -> None:
    """One of two leaves a second after the start, or when it is asked to end."""
    ground.uncount("what it counted last is lost")
    how, outcome, reason = LEAVING[name]
    event = "test_stopping" if "end" in name.split() else "test_start"
    delayed = how if "end" in name.split() else "gevent.spawn_later(1, leave)"
    ground.write(
        HTTP
        + f"import os\ndef leave():\n    {how}\n@events.{event}.add_listener\ndef listen(environment, **_):\n"
        + f"    if getattr(environment.runner, 'worker_index', -1) == 1:\n        {delayed}\n"
    )

    measured = ground.load(ground.profile(duration_s=4.0, processes=2))

    assert measured.outcome == outcome, measured.reason
    assert re.search(reason, measured.reason), measured.reason
