"""How long things are kept."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.model.measurement import ArtifactKind

_DAY_S = 86_400.0

LASTING = frozenset({"duration_ms"})
"""Metrics that are judged, whose samples are kept for longer."""

LAST_GOOD_KINDS = frozenset({ArtifactKind.TRACE, ArtifactKind.HAR, ArtifactKind.SCREENSHOT})
"""What failing runs are compared with."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long each thing is kept, in seconds since the run was due.

    Attributes:
        passed_kinds: The artifacts that a run which passed at once keeps at all.
        passed_artifacts_s: How long it keeps them.
        last_good_s: How long the newest artifacts of each of `LAST_GOOD_KINDS` stay beyond that, of runs that passed at
            once of each check, environment, location and release; the newest of all releases stay while their run
            does. 0 keeps none of them.
        artifacts_s: How long every other run keeps its evidence.
        others_s: How long samples of metrics stay that nobody judges; never longer than details.
        details_s: How long samples of `LASTING` metrics stay, and of runs that passed at once their steps and those
            attempts that have no more to tell, such as an error, an artifact, a load.
        hours_s: How long rollups by hour stay; never shorter than samples.
        days_s: How long rollups by day stay; never shorter than those by hour.
        errors_s: How long the sampled events of an issue stay, and its hours; the issue itself, its first and its last
            event stay as long as a run does after it was seen last.
        source_maps_s: How long a source map stays that no error needed.
        source_maps_bytes: How large all of them are together; of more, those go that were not needed for longest.
        attachments_bytes: How large all attachments of events are together; of more, those of the oldest events go.
        replays_s: How long the replay of a session stays after it began.
        replays_bytes: How large all of them are together; of more, the oldest go.
        runs_s: How long a run stays, with its attempts and errors.
        unreferenced_s: How old a file must be that nothing refers to; it may be about to be referred to.
    """

    passed_kinds: frozenset[ArtifactKind] = frozenset({ArtifactKind.TRACE, ArtifactKind.HAR})
    passed_artifacts_s: float = _DAY_S
    last_good_s: float = 30 * _DAY_S
    artifacts_s: float = 30 * _DAY_S
    others_s: float = 14 * _DAY_S
    details_s: float = 35 * _DAY_S
    hours_s: float = 395 * _DAY_S
    days_s: float = 1830 * _DAY_S
    errors_s: float = 90 * _DAY_S
    source_maps_s: float = 90 * _DAY_S
    source_maps_bytes: int = 5 * 10**9
    attachments_bytes: int = 10**9
    replays_s: float = 14 * _DAY_S
    replays_bytes: int = 5 * 10**9
    runs_s: float = 396 * _DAY_S
    unreferenced_s: float = 3_600.0


@dataclass(frozen=True, slots=True)
class Pruned:
    """How much a pruning removed; `artifacts` counts references, `files` and `file_bytes` what left the folder."""

    runs: int = 0
    steps: int = 0
    samples: int = 0
    artifacts: int = 0
    files: int = 0
    file_bytes: int = 0
