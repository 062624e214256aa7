"""Checks without data: those of which nothing is known, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.dashboard.api_values import instant
from outrider.dashboard.overview import check_statuses
from outrider.dashboard.page_templates import render
from outrider.dashboard.period_slots import DAY_US, HOUR_US
from outrider.model import CheckId, Outcome, printable, title_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.dashboard.overview import CheckStatus
    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.sources import Sources
    from outrider.model import Check

PAGE_UNMEASURED = 50
NEVER, SILENT, PAUSED, OFF, GONE = "no run yet", "nothing for a day", "paused", "switched off", "not in the workspace"
WHYS = (NEVER, SILENT, PAUSED, OFF, GONE)
_CONCLUSIVE = {Outcome.PASSED, Outcome.PASSED_ON_RETRY, Outcome.FAILED}


@dataclass(frozen=True, slots=True)
class UnmeasuredLine:
    """A check without data.

    Attributes:
        why: One of `WHYS`.
        reason: In words, such as the one of its last run; empty if there is none.
        last_us: When its last run was due, or a check that is gone was seen last; None for never.
    """

    check: CheckId
    title: str
    why: str
    reason: str
    last_us: int | None


@dataclass(frozen=True, slots=True)
class UnmeasuredItem:
    """A check without data: why, in words, and when its last run was due; null for never."""

    check: str
    title: str
    why: str
    reason: str
    last: str | None


@dataclass(frozen=True, slots=True)
class UnmeasuredPage:
    """Checks without data, by id; `total` are there, and `next` is the cursor of the page after this one, or null."""

    items: tuple[UnmeasuredItem, ...]
    total: int
    next: str | None


def unmeasured_checks(sources: Sources) -> tuple[UnmeasuredLine, ...]:
    """Return every check without data, by id."""
    checks = sources.checks() or ()
    lines = [*_silent(sources, checks), *_switched_off(checks), *_gone(sources, checks)]
    return tuple(sorted(lines, key=lambda line: printable(line.check)))


def _silent(sources: Sources, checks: Sequence[Check]) -> Iterator[UnmeasuredLine]:
    """Yield checks that are switched on and of which no run of the last day said anything of the target."""
    now_us, service = sources.now_us(), sources.service()
    since_us = now_us - now_us % HOUR_US - DAY_US
    statuses = check_statuses(sources, checks, service, (), now_us)
    measured = {status.check.id for status in statuses if _is_measured(status, since_us)}
    others = [status.check.id for status in statuses if status.check.id not in measured]
    counts = sources.store.history.outcomes_by_hour(others, since_us, now_us)
    measured |= {count.check for count in counts if count.outcome in _CONCLUSIVE}
    reasons = {CheckId(view.check): "" for view in service.checks if view.paused}
    reasons |= {pause.check: pause.reason for pause in sources.store.schedule.pauses()}
    for status in statuses:
        check, last = status.check, max((run.due_us for run in status.last), default=None)
        if check.id in reasons:
            yield UnmeasuredLine(check.id, check.title, PAUSED, reasons[check.id], last)
        elif last is None:
            yield UnmeasuredLine(check.id, check.title, NEVER, "", None)
        elif check.id not in measured:
            yield UnmeasuredLine(check.id, check.title, SILENT, _last_reason(status), last)


def _is_measured(status: CheckStatus, since_us: int) -> bool:
    """Return whether a last run of a check says something of the target, and is no older."""
    return any(run.outcome in _CONCLUSIVE and run.due_us >= since_us for run in status.last)


def _last_reason(status: CheckStatus) -> str:
    run = max(status.last, key=lambda run: run.due_us)
    return f"{run.outcome.value}: {run.reason}" if run.reason else run.outcome.value


def _switched_off(checks: Sequence[Check]) -> Iterator[UnmeasuredLine]:
    for check in checks:
        if not check.policy.enabled:
            yield UnmeasuredLine(check.id, check.title, OFF, "", None)


def _gone(sources: Sources, checks: Sequence[Check]) -> Iterator[UnmeasuredLine]:
    """Yield checks that only the store knows, while the workspace is loaded."""
    if sources.checks() is None:
        return
    present = {check.id for check in checks}
    for stored in sources.store.checks.all():
        if stored.id not in present:
            yield UnmeasuredLine(stored.id, stored.name or title_of(stored.id), GONE, "", stored.last_seen_us)


def unmeasured_page(sources: Sources, why: str, after: str, context: PageContext) -> str:
    """Return a page of the checks without data, of one reason or all, behind the one that is called `after`."""
    lines = unmeasured_checks(sources)
    counts = {word: sum(line.why == word for line in lines) for word in WHYS}
    shown, following = _page([line for line in lines if why in {"", line.why}], after, PAGE_UNMEASURED)
    values = {
        "lines": shown, "next": following, "counts": counts, "why": why, "is_first": not after, "total": len(lines),
        "is_loaded": sources.checks() is not None,
    }  # fmt: skip
    return render("unmeasured.html", context, values)


def api_unmeasured(sources: Sources, why: str, after: str, limit: int) -> UnmeasuredPage:
    """Return the checks without data for the API."""
    lines = [line for line in unmeasured_checks(sources) if why in {"", line.why}]
    shown, following = _page(lines, after, limit)
    items = tuple(
        UnmeasuredItem(line.check, line.title, line.why, line.reason, instant(line.last_us)) for line in shown
    )
    return UnmeasuredPage(items, len(lines), following or None)


def _page(lines: Sequence[UnmeasuredLine], after: str, limit: int) -> tuple[Sequence[UnmeasuredLine], str]:
    rest = [line for line in lines if printable(line.check) > after]
    return rest[:limit], printable(rest[limit - 1].check) if len(rest) > limit else ""
