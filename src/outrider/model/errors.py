"""What can go wrong on our side or our user's: one tree, a documented slug each.

A failing target is never an exception; it is an outcome.

    OutriderError
    ├── ConfigError        a file of the workspace is wrong       (exit 2)
    │   └── ConfigErrors   all of them together
    ├── UsageError         a command or call is wrong             (exit 2)
    ├── BrowserError       no usable browser                      (exit 4)
    ├── StoreError         the database cannot be used            (exit 4)
    │   ├── NotLeading     another process leads, and only that one writes this
    │   └── CommitInDoubt  it went away amid a commit: it may be stored all the same
    ├── ServerError        another server of Outrider cannot be asked  (exit 4)
    ├── TelemetryError     the telemetry store refuses            (exit 4)
    │   └── TelemetryUnavailable  it may be there again later
    ├── SourceError        a source of [sources] does not answer  (exit 4)
    ├── BadSeries          values or times that cannot be judged  (exit 2)
    ├── TooFewSamples      a statistic needs more values          (exit 3)
    └── InternalError      Outrider itself is wrong               (exit 70)
"""

from __future__ import annotations

import copyreg
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file a problem stands; `line` counts from one, zero means the whole file."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class OutriderError(Exception):
    """Root of everything that Outrider raises on purpose.

    Args:
        what: One sentence: what is wrong.
        slug: Heading in docs/errors.md.
        fix: What the reader should do about it.
        where: The file and line, where there is one.
    """

    exit_code: ClassVar[int] = 4

    def __init__(self, what: str, *, slug: str, fix: str = "", where: Place | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.slug = slug
        self.fix = fix
        self.where = where

    def __reduce__(self) -> tuple[object, ...]:
        """Return how a copy is made, as in another process: without the arguments of a kind's own constructor."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}\n  {self.fix}   [{self.slug}]" if self.fix else f"{head}   [{self.slug}]"


class ConfigError(OutriderError):
    """A file of the workspace is wrong."""

    exit_code = 2


class ConfigErrors(ConfigError):
    """All problems of a workspace, reported together."""

    def __init__(self, problems: tuple[ConfigError, ...]) -> None:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"{count} in the workspace", slug="invalid-workspace")
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def reason_of(problems: Iterable[ConfigError]) -> str:
    """Return problems on one line, with their places: the reason of a setup error."""
    return "; ".join(f"{problem.where}: {problem.what}" if problem.where else problem.what for problem in problems)


class UsageError(OutriderError):
    """A command, or a call of the Python API, is wrong."""

    exit_code = 2


class InternalError(OutriderError):
    """Outrider itself is wrong: something was raised that nobody raises on purpose."""

    exit_code = 70


class BrowserError(OutriderError):
    """There is no browser that can be used."""


class StoreError(OutriderError):
    """The database or the artifact folder cannot be used."""


class NotLeading(StoreError):
    """What only the leader writes was not written: another process leads by now."""


class CommitInDoubt(StoreError):
    """The database went away before it answered a commit: what was written is stored as a whole, or not at all."""


class ServerError(OutriderError):
    """A server of Outrider cannot be reached, or does not answer as one."""


class TelemetryError(OutriderError):
    """The telemetry store refuses what it is asked, and would refuse it again."""


class TelemetryUnavailable(TelemetryError):
    """The telemetry store cannot be reached, or takes nothing at the moment: the same call may succeed later."""


class SourceError(OutriderError):
    """A source of `[sources]` cannot be reached, refuses, or answers what cannot be understood."""


class TooFewSamples(OutriderError):
    """A statistic needs more values than it was given."""

    exit_code = 3


class BadSeries(OutriderError):
    """Values or times were handed in that no statistic can judge."""

    exit_code = 2
