"""What the store gives back: frozen values about what it keeps."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from outrider.model import ArtifactKind

if TYPE_CHECKING:
    import builtins
    from pathlib import Path
    from typing import BinaryIO

    import numpy as np
    from numpy.typing import NDArray

    from outrider.model import CheckId, Histogram, Kind, Outcome, Run, RunId
    from outrider.store.artifacts import ArtifactFolder

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class StoredCheck:
    """A check that the store has heard of; `kind`, `path` and `name` are unknown (None) if only runs spoke of it.

    Attributes:
        aliases: Ids that it had before it was renamed.
    """

    id: CheckId
    kind: Kind | None
    path: str | None
    name: str | None
    first_seen_us: int
    last_seen_us: int
    aliases: tuple[CheckId, ...] = ()


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One line about a run; times in microseconds UTC."""

    id: RunId
    check: CheckId
    environment: str
    location: str
    due_us: int
    started_us: int
    finished_us: int
    outcome: Outcome
    reason: str


class Tally(NamedTuple):
    """How many runs of a check ended one way in one place, within some time."""

    check: CheckId
    environment: str
    location: str
    outcome: Outcome
    runs: int


GZIP_SUFFIX = ".gz"


@dataclass(frozen=True, slots=True)
class StoredArtifact:
    """A file kept for an attempt.

    Attributes:
        where: Path or URL, for a reader.
        path: The file, if the artifacts lie in a local folder.
    """

    attempt: int
    kind: ArtifactKind
    name: str
    media_type: str
    digest: str
    bytes: int
    where: str
    path: Path | None
    folder: ArtifactFolder = field(repr=False, compare=False)

    def open(self) -> BinaryIO:
        """Open the content for reading.

        Raises:
            StoreError: artifact-missing if the file is gone.
        """
        return self.folder.open(self.digest)

    def read(self) -> builtins.bytes:
        """Return the content, unpacked if it is kept as gzip.

        Raises:
            StoreError: artifact-missing if the file is gone.
        """
        with self.open() as file:
            content = file.read()
        return gzip.decompress(content) if self.name.endswith(GZIP_SUFFIX) else content


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run with all that is kept of it.

    Attributes:
        run: As it was recorded, texts cut to the store's limits, samples ordered by step and metric. The measurements'
            own `artifacts` are empty: those paths were the prober's.
        artifacts: Where each file lies now; retention may have removed some.
        omitted: What the limits left out, a line each; empty if nothing.
    """

    run: Run
    artifacts: tuple[StoredArtifact, ...]
    omitted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """The identity of a sequence of numbers.

    Attributes:
        keys: Its numbers in this database: several if the check was renamed.
    """

    check: CheckId
    step: str
    metric: str
    environment: str
    location: str
    keys: tuple[int, ...]


class Points(NamedTuple):
    """Values of a series in the order of time, both of shape (n,): microseconds UTC as int64, float64."""

    at_us: NDArray[np.int64]
    value: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StoredProof:
    """What a check made of one injected fault; `fault` is empty for the intact target.

    Attributes:
        at_us: When the check was proved, the same for all faults of one proving; microseconds UTC.
        snapshot: Hash of the workspace that it was proved from.
    """

    check: CheckId
    fault: str
    at_us: int
    outcome: Outcome
    noticed: bool
    reason: str
    snapshot: str


@dataclass(frozen=True, slots=True)
class Beat:
    """A call of a job that a heartbeat waits for; an exit code other than zero says that the job itself failed."""

    at_us: int
    exit_code: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Beats:
    """Since when a check is known, microseconds UTC, and the last call for it; None if there is none."""

    since_us: int | None
    last: Beat | None


@dataclass(frozen=True, slots=True)
class Release:
    """A deploy of the system under test.

    Attributes:
        at_us: When it went live, microseconds UTC.
        accepted: Whether the level since then is the new normal.
    """

    name: str
    environment: str
    at_us: int
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the judge knew of a series after the run that was due at `at_us` (microseconds UTC).

    Attributes:
        condition: In the judge's words: learning, steady, degraded, improved.
        state: The judge's own memory; only it can read it.
    """

    series: Series
    at_us: int
    condition: str
    reason: str
    state: bytes = field(repr=False)


LASTING = frozenset({"duration_ms"})
"""Metrics that are judged, whose samples are kept for longer."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long each thing is kept, in seconds since the run was due.

    Attributes:
        passed_kinds: The artifacts that a run which passed at once keeps at all.
        passed_artifacts_s: How long it keeps them.
        artifacts_s: How long every other run keeps its evidence.
        others_s: How long samples of metrics stay that nobody judges; never longer than details.
        details_s: How long samples of `LASTING` metrics stay, and of runs that passed at once their steps and those
            attempts that have no more to tell, such as an error, an artifact, a load.
        hours_s: How long rollups by hour stay; never shorter than samples.
        days_s: How long rollups by day stay; never shorter than those by hour.
        runs_s: How long a run stays, with its attempts and errors.
        unreferenced_s: How old a file must be that nothing refers to; it may be about to be referred to.
    """

    passed_kinds: frozenset[ArtifactKind] = frozenset({ArtifactKind.TRACE, ArtifactKind.HAR})
    passed_artifacts_s: float = _DAY_S
    artifacts_s: float = 30 * _DAY_S
    others_s: float = 14 * _DAY_S
    details_s: float = 35 * _DAY_S
    hours_s: float = 395 * _DAY_S
    days_s: float = 1830 * _DAY_S
    runs_s: float = 396 * _DAY_S
    unreferenced_s: float = 3_600.0


@dataclass(frozen=True, slots=True)
class Rollup:
    """What the judged values of a series came to in an hour or a UTC day; those of two stretches add up exactly.

    Attributes:
        at_us: When the stretch begins, microseconds UTC.
        histogram: The same values again, each within 1 %.
    """

    at_us: int
    count: int
    sum: float
    min: float
    max: float
    histogram: Histogram

    def quantile(self, share: float) -> float:
        """Return the value that `share` (0 to 1) of all values do not exceed, within 1 %."""
        found = self.histogram.quantile(share)
        return self.min if found is None else min(max(found, self.min), self.max)


@dataclass(frozen=True, slots=True)
class Pruned:
    """How much a pruning removed; `artifacts` counts references, `files` and `file_bytes` what left the folder."""

    runs: int = 0
    steps: int = 0
    samples: int = 0
    artifacts: int = 0
    files: int = 0
    file_bytes: int = 0


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A run that is due and not stored yet.

    Attributes:
        due_us: Microseconds UTC.
        priority: Higher ones begin first.
        origin: "schedule", or who asked for it.
    """

    run: RunId
    check: CheckId
    location: str
    due_us: int
    priority: int = 0
    origin: str = "schedule"


@dataclass(frozen=True, slots=True)
class Leadership:
    """Who leads.

    Attributes:
        holder: Names a process; empty if it said goodbye.
        beat: Counts up while it lives.
        at_us: When it beat last, by its own clock.
        planned_until_us: Everything due until then was put into the queue, or recorded as missed.
        era: Counts how often the clock was set back.
    """

    holder: str
    beat: int
    at_us: int
    planned_until_us: int
    era: int


@dataclass(frozen=True, slots=True)
class Pause:
    """A check that makes no runs."""

    check: CheckId
    since_us: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many runs of a check were due in a place, and how many of them happened."""

    check: CheckId
    environment: str
    location: str
    due: int
    happened: int

    @property
    def share(self) -> float:
        """From 0 to 1; whole where nothing was due."""
        return self.happened / self.due if self.due else 1.0
