"""The pytest plugin of a worker that lets one broken file or folder cost no other tests than its own.

A conftest or test module that ends the interpreter becomes a collection error; whoever started the worker hears which
file is imported, so that it knows the culprit if the worker ends or never answers.
"""

from __future__ import annotations

import linecache
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING

import pytest

from outrider.journeys.suite_paths import is_below
from outrider.journeys.worker_messages import CollectStart

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Sequence

    from outrider.journeys.worker_messages import Channel

_ENDS = (SystemExit, pytest.exit.Exception)
_LEFT_OUT = "pytest collects nothing here: a plug-in, a conftest or a setting leaves it out"


class CollectionGuard:
    """Follows collection: what starts, what is left out, and what would end it.

    Args:
        channel: Hears of every file and folder whose collection starts.
        from_root: Returns a path from the workspace's root.
    """

    def __init__(self, channel: Channel, from_root: Callable[[Path], str]) -> None:
        self._channel = channel
        self._from_root = from_root
        self._ignored: frozenset[str] = frozenset()
        self._folders: dict[Path, pytest.Collector | None] = {}
        self._deselected: list[pytest.Item] = []
        self._why_deselected = ""
        self._is_collecting = False

    def begin(self, ignored: Collection[str]) -> None:
        """Begin a collection that leaves out what is ignored."""
        self._ignored, self._is_collecting = frozenset(ignored), True
        self._deselected.clear()

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_directory(self, path: Path) -> Generator[None, pytest.Collector | None, pytest.Collector | None]:
        """Give every collection the same node for a folder: pytest ties a conftest's fixtures to the first one."""
        node = yield
        return self._folders.setdefault(path, node)

    def pytest_collectstart(self, collector: pytest.Collector) -> None:
        """Report which file or folder comes next."""
        if self._is_collecting and isinstance(collector, pytest.File | pytest.Directory):
            self._channel.send(CollectStart(self._from_root(collector.path)))

    @pytest.hookimpl(tryfirst=True)
    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Leave out what ended another worker."""
        return True if self._from_root(collection_path) in self._ignored else None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Have an error begin with its cause; what would end the interpreter is an error of this file or folder."""
        try:
            report = yield
        except _ENDS as end:
            return pytest.CollectReport(collector.nodeid, "failed", _explained(end), [])
        call = getattr(report, "call", None)
        if report.failed and call is not None and call.excinfo is not None:
            report.longrepr = _explained(call.excinfo.value, report.longreprtext)
        return report

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Keep what a plug-in or an option deselects."""
        self._deselected += items
        if items:
            self._why_deselected = _why_deselected(items[0].config)

    def deselected(self, paths: Collection[str], tested: Collection[str]) -> list[pytest.Item]:
        """Return the deselected tests of those paths that are left without any test."""
        empty = [path for path in paths if not any(is_below(place, path) for place in tested)]
        return [item for item in self._deselected if any(is_below(self._from_root(item.path), path) for path in empty)]

    def end(self) -> None:
        """End the collection: a test that is looked for in order to run is not announced."""
        self._is_collecting = False

    @property
    def why_deselected(self) -> str:
        """Who has deselected a test, as far as that is known."""
        return self._why_deselected or _LEFT_OUT

    def why_not(self, items: Sequence[pytest.Item]) -> str | None:
        """Return why a test that was asked for by name is not to run: plug-ins leave it out when they may; or None.

        pytest asks no plug-in about a file that is named, and the configured paths are the ones that a user has named.
        """
        if not items:
            return self.why_deselected
        config, path = items[0].config, items[0].path
        named = [Path(config.invocation_params.dir, argument) for argument in config.args]
        above = [parent for parent in (path, *path.parents) if any(parent.is_relative_to(folder) for folder in named)]
        is_left_out = any(
            config.hook.pytest_ignore_collect(collection_path=place, config=config)
            for place in above
            if place not in named
        )
        return _LEFT_OUT if is_left_out else None

    @staticmethod
    def without_tests(paths: Collection[str], places: Collection[str]) -> list[list[str]]:
        """Return those of the paths that hold none of the places, and why."""
        return [[path, _LEFT_OUT] for path in paths if not any(is_below(place, path) for place in places)]


def _explained(error: BaseException, text: str = "") -> str:
    """Return type, message and place in the suite of the exception that an import ended with, and its line of source.

    Without such a place, what pytest says of it follows instead.
    """
    while isinstance(inner := getattr(error, "cause", None) or error.__cause__, BaseException):
        error = inner
    root = f"{Path.cwd()}/"
    head, *rest = _message(error).splitlines()
    file, line = _position(error, root)
    if not file:
        return f"{head}\n{text}".replace(root, "")
    source = linecache.getline(file, line).strip()
    place = f"{file.removeprefix(root)}:{line}"
    return "\n".join([f"{head} ({place})", f"    {source}", *rest]).replace(root, "")


def _message(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"SystemExit({error.code!r}) while it was imported"
    text = str(error.msg if isinstance(error, SyntaxError) else error).strip()
    return f"{type(error).__name__}{f': {text}' if text else ''}"


def _position(error: BaseException, root: str) -> tuple[str, int]:
    """Return the suite's innermost file and line that an exception comes from; what cannot be parsed has no frame."""
    frames = ((frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__))
    positions = [*frames, *([(error.filename or "", error.lineno or 0)] if isinstance(error, SyntaxError) else [])]
    return next(((file, line) for file, line in reversed(positions) if file and _is_of_suite(file, root)), ("", 0))


def _is_of_suite(file: str, root: str) -> bool:
    return (file.startswith(root) or not file.startswith(("/", "<"))) and "site-packages" not in file


def _why_deselected(config: pytest.Config) -> str:
    options = {"-m": config.getoption("markexpr", ""), "-k": config.getoption("keyword", "")}
    written = " ".join(f"{option} {value!r}" for option, value in options.items() if value)
    return f"deselected by {written}" if written else "deselected by a plug-in or a conftest"
