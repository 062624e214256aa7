"""Runs as they are kept."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import builtins
    from pathlib import Path
    from typing import BinaryIO

    from outrider.model.identity import RunId
    from outrider.model.measurement import ArtifactKind
    from outrider.model.outcome import Outcome
    from outrider.model.run import Run
    from outrider.model.subject import CheckId


GZIP_SUFFIX = ".gz"


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One line about a run; times in microseconds UTC. `due_count` is how many due runs it stands for."""

    id: RunId
    check: CheckId
    environment: str
    location: str
    due_us: int
    started_us: int
    finished_us: int
    outcome: Outcome
    reason: str
    due_count: int = 1


class Tally(NamedTuple):
    """How many runs of a check ended one way in one place, within some time."""

    check: CheckId
    environment: str
    location: str
    outcome: Outcome
    runs: int


class ArtifactReader(Protocol):
    """Opens the content of artifacts."""

    def open(self, digest: str) -> BinaryIO:
        """Open content for reading.

        Raises:
            StoreError: artifact-missing.
        """
        ...


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
    folder: ArtifactReader = field(repr=False, compare=False)

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
