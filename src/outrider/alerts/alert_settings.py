"""The settings of `scheduler/alerts.toml`, frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.alerts.confirmation import Thresholds
from outrider.alerts.incident import Stability
from outrider.alerts.matcher import all_hold
from outrider.alerts.route import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.alerts.matcher import Matcher
    from outrider.alerts.oncall import Escalation, Rotation
    from outrider.alerts.query_rule import QueryRule
    from outrider.alerts.rendered_message import Receiver
    from outrider.alerts.time_window import Window

ALERTS_FILE = "scheduler/alerts.toml"
_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class ThresholdRule:
    """Thresholds for what matches."""

    matchers: tuple[Matcher, ...]
    thresholds: Thresholds


@dataclass(frozen=True, slots=True)
class LabelRule:
    """Labels that are added to what matches."""

    matchers: tuple[Matcher, ...]
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Inhibition:
    """While an incident that `source` matches lasts, those that `target` matches, with `equal` labels, are muted."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Windows in which matching incidents notify nobody."""

    matchers: tuple[Matcher, ...]
    windows: tuple[str, ...]
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Budget:
    """An error budget: a share of good runs to be kept, watched by how fast the rest is used up."""

    matchers: tuple[Matcher, ...]
    target: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """A limit for the daily p95 of steps; a trend that reaches it within so many days is a problem."""

    matchers: tuple[Matcher, ...]
    limit_ms: float
    within_days: float = 14.0


@dataclass(frozen=True, slots=True)
class ReceiverSettings:
    """A channel.

    Attributes:
        channel: What delivers to it.
        per_hour: How many notifications an hour at most.
        fallback: The receiver that gets what this one cannot deliver; empty for none.
        fallback_after_us: After how long it gets it.
        subject: Template of the subject; empty for the usual one.
        body: Template of the body.
    """

    name: str
    channel: Receiver
    per_hour: int = 60
    fallback: str = ""
    fallback_after_us: int = 120_000_000
    subject: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Who is notified of what.

    Attributes:
        within_us: So close together the same fault of different hosts is one cause.
        forget_us: A member without a run for so long no longer holds an incident open.
        certificate_days: A certificate that is valid for fewer days is a problem.
        false_pages_per_week: So many notifications a week of what is chance alone, of the whole workspace, are borne.
        folds: Whether what follows from another incident notifies nobody.
        networks: Private addresses and networks that webhooks may go to.
        links: Address of the pages, for links in messages; empty for none.
        timezone: IANA name of the workspace's time zone, of the times in messages.
        locale: Whose forms those times have.
        people: Receivers of each person.
    """

    route: Route = field(default_factory=Route)
    receivers: Mapping[str, ReceiverSettings] = field(default_factory=dict)
    thresholds: Thresholds = field(default_factory=Thresholds)
    threshold_rules: tuple[ThresholdRule, ...] = ()
    stability: Stability = field(default_factory=Stability)
    within_us: int = 300_000_000
    forget_us: int = _DAY_US
    certificate_days: float = 14.0
    labels: tuple[LabelRule, ...] = ()
    inhibitions: tuple[Inhibition, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    windows: Mapping[str, Window] = field(default_factory=dict)
    people: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rotations: Mapping[str, Rotation] = field(default_factory=dict)
    escalations: Mapping[str, Escalation] = field(default_factory=dict)
    budgets: tuple[Budget, ...] = ()
    forecasts: tuple[Forecast, ...] = ()
    rules: tuple[QueryRule, ...] = ()
    false_pages_per_week: float = 1.0
    folds: bool = True
    networks: tuple[str, ...] = ()
    links: str = ""
    timezone: str = "UTC"
    locale: str = "en"

    def thresholds_for(self, labels: Mapping[str, str]) -> Thresholds:
        """Return what confirms a problem with these labels; the last rule that matches wins."""
        matching = (
            threshold_rule.thresholds
            for threshold_rule in reversed(self.threshold_rules)
            if all_hold(threshold_rule.matchers, labels)
        )
        return next(matching, self.thresholds)

    def labelled(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Return labels with those that rules add; a later rule sees what earlier ones added."""
        labelled = dict(labels)
        for rule in self.labels:
            if all_hold(rule.matchers, labelled):
                labelled |= rule.labels
        return labelled
