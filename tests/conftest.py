"""What holds for all tests: a slow machine fails no property; costly tests begin first, and are not traced."""

from __future__ import annotations

import gc
import os
import random
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import pytest
from coverage import Coverage
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from playwright.sync_api import Browser

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

pytest_plugins = ["pytester"]

_COSTLY = ("browser", "slow")
_TRACES_PROGRAMS = "COVERAGE_PROCESS_CONFIG"
"""Set by coverage where the Python programs that a test starts are to be traced, too."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for the tests of one module; beyond it, its event loop would be in the way of other tests' loops."""
    from playwright.sync_api import sync_playwright

    from outrider.journeys.browser import BrowserSettings, find_browser

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(BrowserSettings()).executable)
        yield browser
        browser.close()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage among ten thousand tests, neither while they are collected nor ever after."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files with costly tests first, so that no process runs the longest file when the others have ended.

    They are mixed: half of their time is waiting, in some folders most of it, and others have the processor meanwhile.
    """
    costly = list(dict.fromkeys(item.path for item in items if _is_costly(item)))
    random.Random(1).shuffle(costly)
    turns = {path: turn for turn, path in enumerate(costly)}
    items.sort(key=lambda item: turns.get(item.path, len(turns)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Leave costly tests out of coverage, with their fixtures and programs: tracing them costs half as much again."""
    with _untraced() if _is_costly(item) else nullcontext():
        return (yield)


def _is_costly(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in _COSTLY)


@contextmanager
def _untraced() -> Iterator[None]:
    coverage = Coverage.current()
    config = os.environ.pop(_TRACES_PROGRAMS, None)
    if coverage is not None:
        coverage.stop()
    try:
        yield
    finally:
        if coverage is not None:
            coverage.start()
        if config is not None:
            os.environ[_TRACES_PROGRAMS] = config
