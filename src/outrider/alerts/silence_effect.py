"""What matchers would mute: incidents that last, and checks of the workspace; and rules that fit none. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.alerts.alert_settings import ALERTS_FILE
from outrider.alerts.finding import Problem, Severity
from outrider.alerts.matcher import all_hold, parse_matcher
from outrider.alerts.run_findings import check_labels
from outrider.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from outrider.alerts.alert_settings import AlertSettings
    from outrider.alerts.incident import Incident
    from outrider.alerts.matcher import Matcher
    from outrider.model import Check

_OF_INCIDENTS = frozenset({"problem", "trouble", "host", "step", "fault", "severity", "incident", "runbook"})
"""Labels that an incident has and a check, before anything went wrong, has not."""

_OF_OTHERS = frozenset({"subject", "service", "page", "issue", "rule", "receiver"})
"""Labels of subjects that are no checks."""

_VALUES = {"problem": tuple(Problem), "trouble": tuple(Problem), "severity": tuple(Severity)}
"""All that these labels can be."""

_OF_CHECKS = frozenset({"check", "kind", "environment", "location", "tag", "tags"})


@dataclass(frozen=True, slots=True)
class SilenceEffect:
    """What a silence mutes.

    Attributes:
        incidents: How many that last.
        checks: How many whose incidents it may mute.
        unknown_labels: Those of its matchers that nothing has.
        impossible: Those of its matchers that no value of their label fulfils, with all values that there are.
        labels: Every label that anything has.
    """

    incidents: int
    checks: int
    unknown_labels: tuple[str, ...]
    labels: tuple[str, ...]
    impossible: tuple[tuple[Matcher, tuple[str, ...]], ...] = ()


def silence_effect(
    matchers: Iterable[str], incidents: Sequence[Incident], checks: Sequence[Check], settings: AlertSettings
) -> SilenceEffect:
    """Return what these matchers mute.

    Matchers on what only an incident has, such as its problem, leave open which checks they will match.

    Raises:
        UsageError: bad-matcher.
    """
    parsed = tuple(map(parse_matcher, matchers))
    lasting = [incident for incident in incidents if incident.phase.lasts]
    labels = _known_labels(lasting, checks, settings)
    return SilenceEffect(
        incidents=sum(all_hold(parsed, incident.labels) for incident in lasting),
        checks=sum(_may_mute(parsed, [check], settings) for check in checks),
        unknown_labels=tuple(dict.fromkeys(matcher.label for matcher in parsed if matcher.label not in labels)),
        labels=tuple(sorted(labels)),
        impossible=tuple((matcher, _VALUES[matcher.label]) for matcher in parsed if not _is_possible(matcher)),
    )


def matches_check(matchers: Iterable[str], check: Check, settings: AlertSettings) -> bool:
    """Return whether the labels of a check in one of its locations fulfil all matchers.

    Raises:
        UsageError: bad-matcher.
    """
    parsed = tuple(map(parse_matcher, matchers))
    return any(all_hold(parsed, settings.labelled(labels)) for labels in _places(check))


def unmatched_rules(settings: AlertSettings, checks: Sequence[Check]) -> tuple[str, ...]:
    """Return in words each rule of the alerts whose matchers fit no check, and nothing that only incidents have.

    Subjects that are no checks, such as services, have labels of their own: a rule that names their kind may fit them.
    """
    return tuple(
        f"{ALERTS_FILE}: {name} {' and '.join(map(repr, map(str, matchers)))} matches no check"
        for name, matchers in _rules(settings)
        if matchers
        and not _is_of_others(matchers)
        and not _may_mute(matchers, checks, settings)
        and not _is_of_query_rules(matchers, settings)
    )


def _rules(settings: AlertSettings) -> Iterator[tuple[str, tuple[Matcher, ...]]]:
    yield from ((f"the route {route.name}", route.matchers) for route in settings.route.walk())
    yield from (("[[threshold]]", rule.matchers) for rule in settings.threshold_rules)
    yield from (("[[label]]", rule.matchers) for rule in settings.labels)
    yield from (("[[maintenance]]", window.matchers) for window in settings.maintenance)
    yield from (("[[budget]]", budget.matchers) for budget in settings.budgets)
    yield from (("[[forecast]]", forecast.matchers) for forecast in settings.forecasts)
    for rule in settings.inhibitions:
        yield "[[inhibit]] source", rule.source
        yield "[[inhibit]] target", rule.target


def _is_of_others(matchers: Iterable[Matcher]) -> bool:
    return any(matcher.label in _OF_OTHERS for matcher in matchers) or any(
        matcher.label == "kind" and matcher.value not in list(Kind) for matcher in matchers
    )


def _is_of_query_rules(matchers: Iterable[Matcher], settings: AlertSettings) -> bool:
    known = [matcher for matcher in matchers if matcher.label not in _OF_INCIDENTS | {"environment"}]
    return any(
        all_hold(
            [matcher for matcher in known if matcher.label not in rule.series_labels],
            settings.labelled({**rule.labels, "kind": "rule"}),
        )
        for rule in settings.rules
    )


def _is_possible(matcher: Matcher) -> bool:
    values = _VALUES.get(matcher.label)
    return values is None or any(matcher.holds({matcher.label: value}) for value in values)


def _may_mute(matchers: Sequence[Matcher], checks: Sequence[Check], settings: AlertSettings) -> bool:
    of_check = [matcher for matcher in matchers if matcher.label not in _OF_INCIDENTS]
    return all(map(_is_possible, matchers)) and any(
        all_hold(of_check, settings.labelled(labels)) for check in checks for labels in _places(check)
    )


def _places(check: Check) -> Iterator[dict[str, str]]:
    for location in check.policy.locations:
        yield {**check_labels(check), "environment": check.policy.environment, "location": location}


def _known_labels(incidents: Sequence[Incident], checks: Sequence[Check], settings: AlertSettings) -> set[str]:
    labels = set(_OF_INCIDENTS | _OF_CHECKS | {"receiver"})
    labels |= {name for check in checks for name in check.policy.labels}
    labels |= {name for rule in settings.labels for name in rule.labels}
    labels |= {name for query_rule in settings.rules for name in (*query_rule.labels, *query_rule.series_labels)}
    return labels | {name for incident in incidents for name in incident.labels}
