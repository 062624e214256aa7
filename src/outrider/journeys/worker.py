"""The process that carries out one order: pytest, warmed up and waiting.

    python -P -m outrider.journeys.worker FD DRIVER ROOT

FD is one end of a socket pair to the process that asked for the worker; DRIVER is 1 to start a Playwright driver ahead
of the test. The first message says with which arguments pytest starts. When the other end closes, for whatever reason,
the worker kills itself: nobody is left who would. Where it can be, a worker is forked from `fork_server` instead of
started like this.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from outrider.journeys import connected_files, instrumentation
from outrider.journeys.browser import Browser
from outrider.journeys.initial_conftests import InitialConftests
from outrider.journeys.launch_adapter import install_launch_adapter
from outrider.journeys.machine_environment import MachineEnvironment
from outrider.journeys.missing_secrets import watch_missing_secrets
from outrider.journeys.processes import adopt_orphans
from outrider.journeys.warm_driver import WarmDriver
from outrider.journeys.worker_messages import Channel, Message, StartPytest
from outrider.journeys.worker_plugin import WorkerPlugin

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BROWSER_VARIABLE = "OUTRIDER_BROWSER"
# Outrider is imported before pytest could rewrite its plugin's assertions; it has none, and a suite whose warnings are
# errors need not hear of it.
_IMPORTED = "ignore:Module already imported so cannot be rewritten:pytest.PytestAssertRewriteWarning"
_QUIET = ["--color=no", "-W", _IMPORTED]


def main(argv: Sequence[str]) -> int:
    """Carry out an order as a process of its own."""
    descriptor, driver, root = argv
    return serve(int(descriptor), root, with_driver=driver == "1")


def serve(
    descriptor: int,
    root: str,
    *,
    with_driver: bool,
    connection: socket.socket | None = None,
) -> int:
    """Run pytest, which carries out the order that comes through the channel; return its exit code.

    Args:
        descriptor: Of the channel.
        root: The folder to run in.
        with_driver: Whether a Playwright driver is got ready ahead of the test.
        connection: To a driver that other workers have used before; a new one is started without it.
    """
    channel = Channel(socket.socket(fileno=descriptor))
    inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(channel, inbox), daemon=True).start()
    os.chdir(root)
    sys.path.append(root)  # as `python -m pytest` would, but never in front of the standard library
    adopt_orphans()
    watch_missing_secrets()
    driver = WarmDriver()
    driver.install()
    if browser := os.environ.pop(BROWSER_VARIABLE, ""):
        install_launch_adapter(Browser(**json.loads(browser)))
    plugin = WorkerPlugin(channel, inbox, driver, MachineEnvironment.take().hide)
    instrumentation.install(lambda: plugin.recorder)
    connected_files.install(lambda: plugin.recorder.connected_files if plugin.recorder else None)
    if with_driver:
        driver.start(connection)
    start = inbox.get()
    if not isinstance(start, StartPytest):
        raise TypeError(start)
    options = [*start.options, *_QUIET, *arguments_beside(_has)]
    conftests = InitialConftests(start.paths, start.ignored)
    return conftests.start(lambda paths: int(pytest.main([*paths, *options], plugins=[plugin, conftests])))


def arguments_beside(has: Callable[[str], bool]) -> list[str]:
    """Return the arguments that pytest needs because of the modules installed beside Outrider.

    Journeys run in this very process, so pytest-xdist may start no others. pytest-playwright-asyncio refuses to work
    beside pytest-playwright, which Outrider brought: whoever installed the other wants it.
    """
    asynchronous = has("pytest_playwright_asyncio") and has("pytest_playwright")
    return [*(["-n0"] if has("xdist") else []), *(["-p", "no:playwright"] if asynchronous else [])]


def _listen(channel: Channel, inbox: queue.SimpleQueue[Message]) -> None:
    for message in channel:
        inbox.put(message)
    os.killpg(0, signal.SIGKILL)


def _has(module: str) -> bool:
    from importlib.util import find_spec  # noqa: PLC0415 - once, and only here

    return find_spec(module) is not None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
