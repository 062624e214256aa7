"""Confirmation of a problem: X of the last Y runs of a subject open it, good ones in a row close it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrider.alerts.finding import Finding


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What confirms a problem, and what ends it.

    Attributes:
        bad: X: bad runs that open.
        of: Y: among so many of the latest.
        good: Good runs in a row that close.
    """

    bad: int = 2
    of: int = 3
    good: int = 3


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What is remembered of one subject.

    Attributes:
        recent: Whether each of the latest runs was bad, the oldest first; at most Y.
        good: Good runs in a row.
        last_us: When the latest run was due.
        bad_us: When the first bad run of this problem was due.
        began_us: When this problem began: with that run, or before it, as the judge estimates it.
        confirmed: X of Y were bad, and not enough were good since.
        incident: The incident that it belongs to; empty if to none.
        chance_months: Months between two such problems by chance alone, at their worst; None if it is none of chance.
        latest_months: The same after the latest bad run.
        release_share: Probability that chance alone begins such a problem so shortly after a release; 1 if it did not.
    """

    key: str
    incident: str = ""
    recent: tuple[bool, ...] = ()
    good: int = 0
    last_us: int = -1
    bad_us: int = 0
    began_us: int = 0
    confirmed: bool = False
    chance_months: float | None = None
    latest_months: float | None = None
    release_share: float = 1.0

    @property
    def is_bad(self) -> bool:
        """Whether the latest run was bad."""
        return bool(self.recent) and self.recent[-1]

    @property
    def is_well(self) -> bool:
        """Whether there is nothing left to remember."""
        return not self.confirmed and not any(self.recent)


def seen(confirmation: Confirmation, finding: Finding, thresholds: Thresholds) -> Confirmation:
    """Return the confirmation after one more run; one that is not later than the last changes nothing."""
    if finding.at_us <= confirmation.last_us:
        return confirmation
    least = finding.least_bad
    thresholds = replace(thresholds, bad=max(thresholds.bad, least), of=max(thresholds.of, least))
    recent = (*confirmation.recent, *[finding.present] * min(finding.runs, thresholds.of))[-thresholds.of :]
    good = 0 if finding.present else confirmation.good + 1
    is_new = not confirmation.confirmed and not any(confirmation.recent)
    bad_us = finding.at_us if is_new else confirmation.bad_us
    began_us = finding.began_us if is_new else confirmation.began_us or confirmation.bad_us
    enough = sum(recent) >= thresholds.bad or (finding.once and finding.present)
    confirmed = (
        enough and finding.present if not confirmation.confirmed else good < (1 if finding.once else thresholds.good)
    )
    if confirmation.confirmed and not confirmed:
        recent = ()
    return replace(
        confirmation, recent=recent, good=good, last_us=finding.at_us, bad_us=bad_us, began_us=began_us,
        confirmed=confirmed,
        chance_months=_chance(confirmation, finding),
        latest_months=finding.chance_months if finding.present else confirmation.latest_months,
        release_share=finding.release_share if finding.present else confirmation.release_share,
    )  # fmt: skip


def _chance(confirmation: Confirmation, finding: Finding) -> float | None:
    """Return the rarest evidence since the problem began."""
    if not finding.present:
        return confirmation.chance_months
    is_new = not confirmation.confirmed and not any(confirmation.recent)
    if is_new or finding.chance_months is None:
        return finding.chance_months
    return None if confirmation.chance_months is None else max(confirmation.chance_months, finding.chance_months)
