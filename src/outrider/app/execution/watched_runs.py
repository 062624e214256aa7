"""Checks that run again whenever a file that they are made of is saved."""

from __future__ import annotations

import time
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol

from outrider.app.access.workspace_access import register_checks
from outrider.app.execution.run_execution import execute, is_runnable, open_selected, trial_of
from outrider.app.execution.watched_files import FileStatus, watched_files
from outrider.model import OutriderError
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from outrider.app.access.listeners import RunListener
    from outrider.model import Check, ExecutionStore, Run
    from outrider.workspace import Workspace

    class WatchListener(RunListener, Protocol):
        """Follows runs, and the files that make them run again."""

        def changed(self, files: Sequence[str]) -> None:
            """Take the files that changed, one that is gone among them, and that checks run again."""
            ...

        def ran(self, runs: Sequence[Run]) -> None:
            """Take the runs that were made; it waits for the next change from now on."""
            ...


LOOK_EVERY_S = 0.3


def file_changes(
    root: Path, exclude: Callable[[], tuple[str, ...]], *, pause: Callable[[float], None] = time.sleep
) -> Iterator[tuple[str, ...]]:
    """Return an iterator over the files that changed since the last time, as often as some did; it never ends.

    It counts from the call on. What is saved while a caller works on a change is the next change. A change comes once
    nothing has changed for a moment, so that files that are saved together come together.

    Args:
        root: The workspace.
        exclude: Folders that do not count, at the moment.
        pause: Waits for so many seconds.
    """
    return _changes_since(watched_files(root, exclude()), root, exclude, pause)


def _changes_since(
    known: dict[str, FileStatus], root: Path, exclude: Callable[[], tuple[str, ...]], pause: Callable[[float], None]
) -> Iterator[tuple[str, ...]]:
    while True:
        pause(LOOK_EVERY_S)
        now = watched_files(root, exclude())
        if now == known:
            continue
        pause(LOOK_EVERY_S)
        while (later := watched_files(root, exclude())) != now:
            now = later
            pause(LOOK_EVERY_S)
        changed = {path for path in known.keys() | now.keys() if known.get(path) != now.get(path)}
        known = now
        yield tuple(sorted(changed))


def watch_checks(
    workspace: Workspace,
    store: ExecutionStore,
    patterns: Sequence[str],
    *,
    listener: WatchListener,
    keyword: str = "",
    headed: bool = False,
    changes: Iterator[tuple[str, ...]] | None = None,
) -> None:
    """Run checks, and again those that a change concerns, until Ctrl-C or the end of the changes.

    A change concerns a check if it is of its own file, or of any that holds no other check: a conftest, a page object,
    data, settings. What is wrong meanwhile, such as a syntax error, is handed to the listener, and watching goes on.
    Runs are trials: they are stored in an environment of their own, and nothing judges them.

    Args:
        workspace: Whose checks; it is loaded anew after each change.
        store: Where the runs go.
        patterns: As for `run_checks`.
        listener: Follows the runs and the changes.
        keyword: As for `run_checks`.
        headed: As for `run_checks`.
        changes: The files that changed, again and again; those of the workspace if absent.

    Raises:
        KeyboardInterrupt: When somebody ends it; nothing runs any more then.
    """
    watch = _Watch(workspace, store, patterns, keyword, headed=headed, listener=listener)
    if changes is None:
        changes = file_changes(workspace.root, lambda: watch.workspace.exclude)
    watch.run(None)
    for files in changes:
        watch.run(files)


class _Watch:
    """The checks as they were last, which tell whom a change concerns."""

    def __init__(
        self,
        workspace: Workspace,
        store: ExecutionStore,
        patterns: Sequence[str],
        keyword: str,
        *,
        headed: bool,
        listener: WatchListener,
    ) -> None:
        self.workspace = workspace
        self._store = store
        self._patterns = patterns
        self._keyword = keyword
        self._headed = headed
        self._listener = listener
        self._selected: tuple[Check, ...] = ()
        self._present: tuple[Check, ...] = ()

    def run(self, changed: Sequence[str] | None) -> None:
        """Run all checks, or those that a change concerns."""
        if changed is not None:
            if self._present and not self._concerned(changed):
                return
            self._listener.changed([self._described(path) for path in changed])
        try:
            self._listener.ran(self._run(changed))
        except OutriderError as error:
            self._listener.problem(error)
            self._listener.ran(())

    def _run(self, changed: Sequence[str] | None) -> list[Run]:
        self.workspace = load(self.workspace.root)
        around = (self.workspace, self._patterns, is_runnable, self._listener)
        with open_selected(*around, keyword=self._keyword, headed=self._headed) as selected:
            self._selected, self._present = selected.checks, selected.present
            register_checks(self._store.checks, self.workspace, selected.present)
            checks = self._selected if changed is None else self._concerned(changed)
            selected.runtime.require_browser(checks)
            trials = tuple(map(trial_of, checks))
            return execute(trials, selected.runtime, self._store, self._listener)

    def _described(self, path: str) -> str:
        return path if (self.workspace.root / path).exists() else f"{path} (gone)"

    def _concerned(self, changed: Sequence[str]) -> tuple[Check, ...]:
        """Return the selected checks that changed files concern."""
        files_of_checks = {check.path for check in self._present}
        shared = [path for path in changed if path not in files_of_checks]
        return tuple(
            check
            for check in self._selected
            if shared or check.path in changed or any(self._is_imported(check, path) for path in changed)
        )

    def _is_imported(self, check: Check, path: str) -> bool:
        """Whether the text of a check's file names another file's module, as an import of it would."""
        file = self.workspace.root / check.path
        return file.is_file() and PurePosixPath(path).stem in file.read_text(encoding="utf-8", errors="replace")
