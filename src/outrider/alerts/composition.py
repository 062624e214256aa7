"""Compose the message of a dispatch from the evidence of its incidents. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from outrider.alerts.finding import Problem
from outrider.alerts.incident import Phase, check_of_evidence
from outrider.alerts.message import Item, Message
from outrider.alerts.notification_kind import NotificationKind
from outrider.alerts.rendered_message import cut
from outrider.alerts.runbooks import runbook_place
from outrider.model import CHECK_KINDS, Subject, counted, date, locale, title_of, using_locale

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrider.alerts.alert_settings import AlertSettings
    from outrider.alerts.group import Dispatch
    from outrider.alerts.incident import Incident, Quote

_WEB = ("http://", "https://")
_MOST_CHECKS = 5
_MOST_CHARACTERS = 160
_NAME_CHARACTERS = 60
"""Of a name in a subject, which goes on after it."""
_LINE_CHARACTERS = 1_000
_SECOND_US = 1_000_000
_WEEK_US = 604_800_000_000
_FAR_US = 40 * _WEEK_US
"""From so far away on a date needs its year."""
_OWN_LABELS = frozenset(
    {"problem", "trouble", "check", "kind", "environment", "location", "host", "step", "fault", "tags", "incident"}
    | {"severity", "runbook", "receiver"}
)

_PREDICATES = {
    Problem.FAILURE: ("fails", "fail"),
    Problem.DEGRADATION: ("is slow", "are slow"),
    Problem.UNJUDGED: ("has not been judged for long", "have not been judged for long"),
    Problem.COVERAGE: ("did not run", "did not run"),
    Problem.CERTIFICATE: ("needs a new certificate", "need new certificates"),
    Problem.BUDGET: ("burns its error budget", "burn their error budgets"),
    Problem.FORECAST: ("is about to reach its limit", "are about to reach their limits"),
    Problem.CHANGE: ("took a new level", "took new levels"),
    Problem.RULE: ("is not as it should be", "are not as they should be"),
    Problem.ISSUE: ("is new", "are new"),
    Problem.QUOTA: ("has used up its errors of the day", "have used up their errors of the day"),
    Problem.LOCATION: ("fails in one location", "fail in one location"),
    Problem.NETWORK: ("", ""),
    Problem.OUTRIDER: ("cannot run", "cannot run"),
}
"""What one check, or several, do while they have a problem."""

_STATES = {
    NotificationKind.UPDATE: ", update",
    NotificationKind.REMINDER: ", still open",
    NotificationKind.ESCALATION: ", not acknowledged",
}


@dataclass(frozen=True, slots=True)
class Clock:
    """Times as a reader of the workspace's time zone wants them; `now_us` in microseconds UTC."""

    timezone: str
    now_us: int

    def moment(self, at_us: int) -> str:
        """Return date, time and zone: "2026-11-27 21:58:10 CET"."""
        return date(self._local(at_us), locale().exact)

    def brief(self, at_us: int) -> str:
        """Return time and as much date as it needs: "21:58", "Fri 21:58", "3 Nov 21:58", "3 Nov 2025 21:58"."""
        local, now = self._local(at_us), self._local(self.now_us)
        if local.date() == now.date():
            return f"{local:%H:%M}"
        if 0 <= self.now_us - at_us < _WEEK_US:
            return date(local, "%a %H:%M")
        is_far = abs(self.now_us - at_us) > _FAR_US
        return date(local, locale().far if is_far else locale().near)

    def _local(self, at_us: int) -> datetime:
        return datetime.fromtimestamp(at_us / _SECOND_US, UTC).astimezone(ZoneInfo(self.timezone))


def length(us: int) -> str:
    """Return a length of time in its two largest units: "43 s", "1 h 5 min", "3 d 2 h"."""
    seconds = max(us // _SECOND_US, 0)
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        parts.append((count, unit))
    first = next((index for index, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count) or "0 s"


def compose(dispatch: Dispatch, topic: str, settings: AlertSettings, *, workspace: str, now_us: int) -> Message:
    """Return the message of a dispatch.

    Args:
        topic: The group's key.
        workspace: Its name, which begins every subject.
    """
    with using_locale(settings.locale):
        return _composed(dispatch, topic, settings, workspace, now_us)


def _composed(dispatch: Dispatch, topic: str, settings: AlertSettings, workspace: str, now_us: int) -> Message:
    clock = Clock(settings.timezone, now_us)
    items = tuple(_item(incident, settings, clock, workspace) for incident in dispatch.incidents)
    order = list(type(dispatch.incidents[0].severity))
    severity = min((incident.severity for incident in dispatch.incidents), key=order.index)
    subject = (
        f"[{workspace}] {_subject(dispatch, severity.value, clock)}"
        if workspace
        else _subject(dispatch, severity.value, clock)
    )
    first, *others = dispatch.incidents
    return Message(
        dispatch.kind, topic, subject, severity.value, items, now_us, workspace, dispatch.note,
        is_told=not others and headline(first, is_brief=True) == items[0].headline,
    )  # fmt: skip


def _subject(dispatch: Dispatch, severity: str, clock: Clock) -> str:
    """Return state and headline; the severity, which pagers filter on, begins only what is not over."""
    first, *others = dispatch.incidents
    more = f" (and {counted(len(others), 'more incident')})" if others else ""
    match dispatch.kind:
        case NotificationKind.RESOLVED:
            lasted = length(max(_ended_us(incident, clock) for incident in dispatch.incidents) - first.since_us)
            return f"resolved after {lasted}: {_names(first, is_brief=True)}{_was(first)}{more}"
        case NotificationKind.ACKNOWLEDGED:
            return f"acknowledged by {first.acknowledged_by}: {headline(first, is_brief=True)}{more}"
        case NotificationKind.ESCALATION if not dispatch.unanswered:
            state = ""
        case kind:
            state = _STATES.get(kind, "")
    release = f", {note}" if (note := release_note(first)) else ""
    since = f"{'' if first.reopened_us is None else 'again '}since {clock.brief(first.since_us)}"
    return f"{severity}{state}: {headline(first, is_brief=True)}, {since}{release}{more}"


def release_note(incident: Incident) -> str:
    """Return which release it followed soon, "after v2.4", or which one sent it, "in v2.4"; empty for none."""
    if incident.problem is Problem.ISSUE:
        return f"in {_name(incident.lead.release)}" if incident.lead.release else ""
    return f"after {_name(incident.lead.recent_release)}" if incident.lead.recent_release else ""


def headline(incident: Incident, *, is_brief: bool = False) -> str:
    """Return one line about an incident: "home is slow: 390 ms, usually 120 to 170 (2.7x)"; one reason if brief."""
    singular, plural = _PREDICATES[incident.problem]
    predicate = incident.lead.predicate or singular if _count_now(incident) <= 1 else plural
    predicate = _name(predicate) if is_brief else predicate
    what = _first_reason(incident) if is_brief else _line(incident.lead.what)
    if incident.problem is Problem.NETWORK:
        return f"our own network: {what}"
    return f"{_names(incident, is_brief=is_brief)} {predicate}" + (f": {what}" if what else "")


def _names(incident: Incident, *, is_brief: bool) -> str:
    """Return the check that the evidence is of, and how many others are affected."""
    count = _count_now(incident)
    title = _name(_title(incident)) if is_brief else _title(incident)
    return f"{title} and {count - 1} more" if count > 1 else title


def _name(text: str) -> str:
    return text if len(text) <= _NAME_CHARACTERS else f"{text[: _NAME_CHARACTERS - 1].rstrip()}…"


def _title(incident: Incident) -> str:
    if incident.problem is Problem.NETWORK:
        return "our own network"
    return incident.lead.title or title_of(check_of_evidence(incident)) or "a check"


def _count(incident: Incident) -> int:
    """Return how many checks were affected: a check in three locations, or one that relapses, counts once."""
    return incident.check_count or len(incident.checks)


def _count_now(incident: Incident) -> int:
    """Return how many checks are affected now; once it is over, or while its evidence is of a well one, all of them."""
    is_known = incident.phase.lasts and incident.unwell_checks and check_of_evidence(incident) not in incident.recovered
    return min(incident.unwell_checks, _count(incident)) if is_known else _count(incident)


def _was(incident: Incident) -> str:
    what = _first_reason(incident)
    return f" (was: {what})" if what else ""


def _first_reason(incident: Incident) -> str:
    reason = _line(incident.lead.what).partition("; ")[0].rstrip(".")
    step = incident.lead.step
    plain, target = reason.removesuffix(f" (step: {step})"), step.partition(" ")[2]
    return plain if target and target in plain else reason  # an action that was given no name repeats its target


def _line(text: str) -> str:
    line = text.splitlines()[0].strip() if text.strip() else ""
    return line if len(line) <= _MOST_CHARACTERS else f"{line[: _MOST_CHARACTERS - 1]}…"


def _ended_us(incident: Incident, clock: Clock) -> int:
    return incident.ended_us or clock.now_us


def _item(incident: Incident, settings: AlertSettings, clock: Clock, workspace: str) -> Item:
    lead = incident.lead
    runbook = runbook_place(incident, settings.links) if incident.phase is not Phase.RESOLVED else ""
    item = Item(
        incident=incident.id,
        headline=headline(incident),
        lines=(),
        phase=incident.phase.value,
        began_us=incident.began_us,
        ended_us=incident.ended_us,
        labels=dict(incident.labels),
        runbook=runbook,
        run=lead.run,
        title=_title(incident),
        address=lead.address,
        run_url=f"{settings.links}runs/{lead.run}" if settings.links and lead.run else "",
        incident_url=f"{settings.links}incidents/{incident.id}" if settings.links else "",
        opening_labels=dict(incident.opening_labels or incident.labels),
        past_severities=incident.past_severities,
    )
    quotes = ((quote.title, f"{quote.text} {_page(settings, quote)}".rstrip()) for quote in incident.explanation)
    lines = (*_evidence(incident, clock), *quotes, *_links(incident, item, workspace))
    return item.with_lines((title, cut(text, _LINE_CHARACTERS)) for title, text in lines if text)


def _page(settings: AlertSettings, quote: Quote) -> str:
    if quote.path.startswith(_WEB):
        return quote.path
    return f"{settings.links}{quote.path.removeprefix('/')}" if settings.links and quote.path else ""


def _evidence(incident: Incident, clock: Clock) -> Iterable[tuple[str, str]]:
    """Yield what happened: where, how much, since when and with what."""
    lead = incident.lead
    lasted = length(_ended_us(incident, clock) - incident.since_us)
    amount = f"{lead.observed} instead of {lead.expected}" if lead.observed and lead.expected else lead.observed
    is_over = incident.phase is Phase.RESOLVED
    yield _word_for(Subject(check_of_evidence(incident))), check_of_evidence(incident)
    yield "address", lead.address
    yield "step", lead.step
    yield "query", lead.query
    yield "how much", amount
    yield "since", f"{clock.moment(incident.since_us)}, for {lasted}"
    yield "first", "" if incident.reopened_us is None else clock.moment(incident.began_us)
    yield "until", clock.moment(incident.ended_us) if is_over and incident.ended_us else ""
    yield "ended", _why_ended(incident) if is_over else ""
    yield "affects", _affected(incident, clock)
    yield "last release", lead.release
    yield "released since it began", lead.later_release
    yield "acknowledged by", incident.acknowledged_by
    yield "assigned to", incident.assigned_to
    yield "state", incident.phase.value if incident.phase is Phase.FLAPPING else ""
    for error in lead.errors:
        yield "reported meanwhile", error


def _word_for(subject: Subject) -> str:
    """Return what a reader calls a subject of this kind."""
    return "check" if subject.kind is None or subject.kind in CHECK_KINDS else subject.kind.value


def _links(incident: Incident, item: Item, workspace: str) -> Iterable[tuple[str, str]]:
    """Yield where to look and what to do."""
    yield "run", f"outrider show {item.run} {item.run_url}".rstrip() if item.run else ""
    if not item.run_url:  # whoever has the run's page has them there
        for artifact in incident.lead.artifacts:
            yield "artifact", artifact
    yield "runbook", item.runbook
    own = {name: text for name, text in incident.labels.items() if name not in _OWN_LABELS}
    yield "labels", ", ".join(f"{name}={text}" for name, text in sorted(own.items()))
    yield "workspace", workspace
    yield "incident", f"{incident.id} {item.incident_url}".rstrip()


def _why_ended(incident: Incident) -> str:
    """Return how it ended, where that was not by good runs."""
    what = incident.events[-1][1] if incident.events else ""
    return "" if what == "resolved" else what.removeprefix("resolved: ")


def _affected(incident: Incident, clock: Clock) -> str:
    count = _count(incident)
    if count <= 1:
        return ""
    named = ", ".join(f"{check}{_well(incident, check, clock)}" for check in incident.checks[:_MOST_CHECKS])
    rest = count - min(count, _MOST_CHECKS, len(incident.checks))
    return f"{count} checks: {named}" + (f" and {rest} more" if rest > 0 else "")


def _well(incident: Incident, check: str, clock: Clock) -> str:
    since_us = incident.well_since_us(check)
    return "" if since_us is None else f" (well since {clock.brief(since_us)})"
