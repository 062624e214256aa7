"""pytest's start where a conftest cannot be imported, or defines an option that a plug-in of ours defines as well.

pytest imports the conftests of its arguments before anything else, in their order, and gives up at the first that
raises. Broken ones are therefore named last, and what they raise is dropped here: collection meets it again, as an
error of their folder. A plug-in that defines the same option as a conftest is left out: the suite never ran beside it.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING

import pytest

from outrider.journeys.suite_paths import is_below
from outrider.workspace import conflicting_plugins

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

_CONFTEST = "conftest.py"


class InitialConftests:
    """The pytest plugin that learns which folders have a broken conftest, and starts without them.

    Args:
        paths: Arguments of pytest that are folders or files, from the current folder.
        ignored: Folders below them that another start of pytest collects.
    """

    def __init__(self, paths: Sequence[str], ignored: Sequence[str] = ()) -> None:
        self._paths = tuple(paths)
        self._ignored = tuple(ignored)
        self._broken: set[str] = set()
        self._left_out: set[str] = set()
        self._starts_again = False

    def start(self, pytest_main: Callable[[list[str]], int]) -> int:
        """Run pytest with the paths; again where a conftest hinders other paths, or a plug-in a conftest."""
        while True:
            self._starts_again = False
            switches = [f"-pno:{plugin}" for plugin in sorted(self._left_out)]
            code = pytest_main([*sorted(self._paths, key=self._is_hindered), *switches])
            if not self._starts_again:
                return code

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(self) -> Generator[None, None, None]:
        """Drop what a broken conftest raises, or ask for another start if others may come after it."""
        try:
            yield
        except (Exception, SystemExit) as error:
            folder = _broken_folder(error)
            if folder is not None and any(is_below(folder, path) for path in self._ignored):
                return
            if plugins := set(conflicting_plugins(_refused_options(error))) - self._left_out:
                self._left_out |= plugins
                self._starts_again = True
                raise pytest.UsageError("a conftest defines an option of a plug-in") from None
            if folder is None:
                raise
            is_known = folder in self._broken
            self._broken.add(folder)
            self._starts_again = not is_known and not all(map(self._is_hindered, self._paths))
            if self._starts_again:
                raise pytest.UsageError(f"{folder}/{_CONFTEST} cannot be imported") from None

    def _is_hindered(self, path: str) -> bool:
        return any(is_below(path, folder) or is_below(folder, path) for folder in self._broken)


def _refused_options(error: BaseException) -> tuple[str, ...]:
    """Return the options that pytest refuses to define twice; none if something else was raised."""
    if isinstance(error, argparse.ArgumentError):
        return tuple((error.argument_name or "").split("/"))
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    is_refused = isinstance(error, ValueError) and frames[-1].f_globals.get("__name__") == "_pytest.config.argparsing"
    options = frames[-1].f_locals.get("opts", ()) if is_refused else ()
    return tuple(map(str, options))


def _broken_folder(error: BaseException) -> str | None:
    """Return the folder, from the current one, of the conftest that raised; None if none did."""
    file = getattr(error, "path", None) or next(
        (name for frame, _ in walk_tb(error.__traceback__) if Path(name := frame.f_code.co_filename).name == _CONFTEST),
        None,
    )
    if file is None or not Path(file).is_relative_to(Path.cwd()):
        return None
    return Path(file).parent.relative_to(Path.cwd()).as_posix()
