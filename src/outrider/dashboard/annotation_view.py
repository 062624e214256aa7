"""Annotations: on the trends of checks, and in the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.alerts import AlertSettings, matches_check
from outrider.dashboard.api_values import instant
from outrider.model import UsageError

if TYPE_CHECKING:
    from outrider.dashboard.sources import Sources
    from outrider.model import Annotation, Check

_ALL_US = 2**62


@dataclass(frozen=True, slots=True)
class AnnotationItem:
    """An annotation; it is shown on checks whose labels fulfil all matchers, on all checks without any."""

    id: str
    at: str | None
    text: str
    matchers: tuple[str, ...]
    author: str


@dataclass(frozen=True, slots=True)
class AnnotationBody:
    """The latest annotations, the latest first."""

    items: tuple[AnnotationItem, ...]


def annotations_of(sources: Sources, check: Check, since_us: int, until_us: int) -> tuple[Annotation, ...]:
    """Return what is noted of a check in a time, the earliest first."""
    settings = sources.alerts or AlertSettings()
    return tuple(
        mark for mark in sources.store.annotations.between(since_us, until_us) if _is_on(mark, check, settings)
    )


def api_annotations(sources: Sources) -> AnnotationBody:
    """Return the latest annotations."""
    return AnnotationBody(
        tuple(
            AnnotationItem(mark.id, instant(mark.at_us), mark.text, mark.matchers, mark.author)
            for mark in latest_annotations(sources)
        )
    )


def latest_annotations(sources: Sources) -> tuple[Annotation, ...]:
    """Return the latest annotations, the latest first."""
    return sources.store.annotations.between(0, _ALL_US)[::-1]


def _is_on(mark: Annotation, check: Check, settings: AlertSettings) -> bool:
    try:
        return matches_check(mark.matchers, check, settings)
    except UsageError:  # what no version of ours wrote
        return False
