"""What the tests of this room share: a machine made of tables, and a way to wait without sleeping."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from outrider.journeys.driver import Driver
from outrider.journeys.system import Finished

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

UNKNOWN = Finished(127, "not found")


@dataclass
class Machine:
    """A `System` that answers from tables and notes what it was asked to run."""

    platform: str = "linux"
    programs: dict[str, Finished] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    release: dict[str, str] = field(default_factory=dict)
    root: bool = False
    answers: dict[str, Callable[[], Finished]] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)

    def home(self) -> str:
        return r"C:\Users\ann" if self.platform == "win32" else "/home/ann"

    def which(self, name: str) -> str | None:
        return next((path for path in self.programs if path == f"/usr/bin/{name}"), None)

    def exists(self, path: str) -> bool:
        return path in self.programs

    def is_root(self) -> bool:
        return self.root

    def os_release(self) -> Mapping[str, str]:
        return self.release

    def run(
        self,
        command: Sequence[str],
        *,
        timeout_s: float,
        on_progress: Callable[[str], None] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Finished:
        line = " ".join(command)
        self.ran.append(line)
        for start, answer in self.answers.items():
            if line.startswith(start):
                return answer()
        return self.programs.get(command[0], UNKNOWN)


@pytest.fixture
def machine() -> type[Machine]:
    return Machine


@pytest.fixture
def driver() -> Driver:
    revisions = {"chromium": "1255", "chromium-headless-shell": "1255", "ffmpeg": "1013"}
    return Driver("/pw/node", "/pw/package/cli.js", "1.65.2", revisions, chromium_major=159)


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], bool]:
    """Return a function that says whether a condition comes true within a generous deadline."""

    def wait(condition: Callable[[], bool], timeout_s: float = 20.0) -> bool:
        pause = threading.Event()
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if condition():
                return True
            pause.wait(0.01)
        return condition()

    return wait
