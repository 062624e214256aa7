"""Signing in once: browser state that a named fixture makes, kept until it expires.

The fixture is the workspace's own; it signs in on pytest-playwright's `page` or `context`. It runs as a test of its
own, before the journey that needs it, and is no part of the measurement.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from outrider.journeys.worker_process import WorkerError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_TEST = '''"""Renews the browser state of a session; written by Outrider into its own copy of the workspace."""


def test_renew({fixture}, context):
    pass
'''


class Sessions:
    """The stored states of a workspace.

    Args:
        folder: Where they are kept, readable by the owner alone: they are as good as a password.
        lifetimes_s: By name, how long a state is used.
        fixtures: By name, the fixture that signs in.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        folder: Path,
        fixtures: Mapping[str, str],
        lifetimes_s: Mapping[str, float],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._fixtures = fixtures
        self._lifetimes_s = lifetimes_s
        self._clock = clock

    def fresh(self, name: str) -> Path | None:
        """Return the stored state of a session, or None if there is none or it has expired."""
        path = self.path(name)
        try:
            age_s = self._clock() - path.stat().st_mtime
        except OSError:
            return None
        return path if 0 <= age_s < self._lifetimes_s[name] else None

    def path(self, name: str) -> Path:
        """Return where a state is kept."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._folder / f"{name}.json"

    def keep(self, name: str, state: Path) -> Path:
        """Keep the state that signing in has left, and return where.

        Raises:
            WorkerError: If it left none.
        """
        path = self.path(name)
        if not state.is_file():
            raise WorkerError(
                f"the session {name!r} could not be renewed",
                slug="session-not-renewed",
                fix=f"signing in left no browser state: {self._fixtures[name]} must sign in on page or context",
            )
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_bytes(state.read_bytes())
        fresh.replace(path)
        return path

    def drop(self, name: str) -> None:
        """Forget a state: the journey failed with it, and it may be why."""
        self.path(name).unlink(missing_ok=True)

    def renewal(self, name: str, folder: Path) -> Path:
        """Write the test that renews a state into a folder of journeys, and return it."""
        test = folder / f"test_outrider_renew_{name}.py"
        test.write_text(_TEST.format(fixture=self._fixtures[name]), encoding="utf-8")
        return test
