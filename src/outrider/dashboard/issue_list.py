"""The list of issues: as a page, and for the API."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from outrider.charts import draw_sparkline
from outrider.dashboard.api_values import instant
from outrider.dashboard.page_addresses import errors_path, issue_path
from outrider.dashboard.page_templates import render
from outrider.dashboard.saved_view_list import view_choices
from outrider.errors import current, issue_query
from outrider.model import IssueOrder, IssueState, UsageError, ViewPage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.sources import Sources
    from outrider.model import Issue, IssueQuery

PAGE_ISSUES: Final = 50
MOST_ISSUES: Final = 1_000
_HOURS: Final = 48
TONES: Final = {
    IssueState.NEW: "bad", IssueState.REGRESSED: "bad", IssueState.ESCALATING: "bad", IssueState.ONGOING: "warn",
    IssueState.RESOLVED: "good", IssueState.IGNORED: "gap",
}  # fmt: skip
_ORDERS: Final = {
    IssueOrder.LAST_SEEN: "last seen", IssueOrder.FIRST_SEEN: "first seen", IssueOrder.EVENTS: "events",
    IssueOrder.USERS: "users",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class IgnoredItem:
    """Until when an issue is ignored: the first that is not null; `hourly` are the events an hour may have."""

    until: str | None
    events: int | None
    users: int | None
    hourly: int | None


@dataclass(frozen=True, slots=True)
class LifeItem:
    """What was decided last: a state that time may have ended since, and how many events there were then."""

    state: str
    since: str | None
    fixed_in: str
    ignored: IgnoredItem | None
    events_before: int


@dataclass(frozen=True, slots=True)
class GroupingItem:
    """The key that led to an issue, by the rules of a version, and what it is made of."""

    version: int
    key: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IssueEnvironmentItem:
    """An environment in which events of an issue were."""

    name: str
    events: int
    last_seen: str | None


@dataclass(frozen=True, slots=True)
class IssueItem:
    """An issue; `hours` are its events by hour, the present one last."""

    id: int
    project: int
    title: str
    value: str
    culprit: str
    state: str
    level: str
    platform: str
    service: str
    assignee: str
    events: int
    users: int
    first_seen: str | None
    last_seen: str | None
    first_release: str
    last_release: str
    grouped_by: str
    hours: tuple[int, ...]
    life: LifeItem
    grouping: GroupingItem
    environments: tuple[IssueEnvironmentItem, ...]


@dataclass(frozen=True, slots=True)
class IssuePage:
    """Issues in the order that was asked for; `next` is the `page` after this one, null on the last."""

    items: tuple[IssueItem, ...]
    next: int | None


def state_of(issue: Issue, now_us: int) -> IssueState:
    """Return where an issue stands."""
    return current(issue.life, now_us).state


def issue_item(issue: Issue, now_us: int) -> IssueItem:
    """Return an issue for the API."""
    life, until = issue.life, issue.life.ignored
    ignored = IgnoredItem(instant(until.until_us), until.events, until.users, until.hourly) if until else None
    return IssueItem(
        issue.id, issue.project, issue.title, issue.value, issue.culprit, state_of(issue, now_us).value, issue.level,
        issue.platform, issue.service, issue.assignee, issue.events, issue.users, instant(issue.first_us),
        instant(issue.last_us), issue.first_release, issue.last_release, issue.grouping.reason, issue.hours,
        LifeItem(life.state.value, instant(life.since_us), life.fixed_in, ignored, life.events_before),
        GroupingItem(issue.grouping.version, issue.grouping.key, issue.grouping.parts),
        tuple(IssueEnvironmentItem(own.value or "", own.events, instant(own.last_us)) for own in issue.environments),
    )  # fmt: skip


def api_issues(sources: Sources, text: str, *, page: int = 1, limit: int = PAGE_ISSUES) -> IssuePage:
    """Return a page of the issues that a text asks for.

    Raises:
        UsageError: bad-query.
    """
    now_us = sources.now_us()
    query = replace(issue_query(text, now_us), offset=(page - 1) * limit)
    listed = sources.store.errors.list(query, limit)
    items = tuple(issue_item(issue, now_us) for issue in listed)
    return IssuePage(items, None if listed.is_complete else page + 1)


def issues_page(sources: Sources, text: str, page: int, context: PageContext) -> str:
    """Return the page of issues; a text that cannot be read is said there."""
    now_us, problem = sources.now_us(), ""
    try:
        query = issue_query(text, now_us)
    except UsageError as error:
        query, problem = issue_query("", now_us), f"{error.what}: {error.fix}"
    listed = sources.store.errors.list(replace(query, offset=(page - 1) * PAGE_ISSUES), PAGE_ISSUES, hours=_HOURS)
    counts = sources.store.errors.count(query)
    values = {
        "text": text, "problem": problem, "issues": listed, "chips": _chips(text, query, counts), "page": page,
        "state_of": lambda issue: state_of(issue, now_us), "tones": TONES, "path_of": issue_path, "spark": _spark,
        "orders": [(name, errors_path(with_word(text, "sort", order)), order is query.order)
                   for order, name in _ORDERS.items()],
        "previous": errors_path(text, page - 1) if page > 1 else "",
        "next": "" if listed.is_complete else errors_path(text, page + 1),
        "views": view_choices(sources, ViewPage.ERRORS, text), "are_none": not text and not sum(counts.values()),
    }  # fmt: skip
    return render("issues.html", context, values)


def _chips(text: str, query: IssueQuery, counts: Mapping[IssueState, int]) -> list[tuple[str, str, str, bool]]:
    """Return what leads to the issues of each state: path, words, tone, and whether it is shown."""
    chips = []
    for state, tone in TONES.items():
        if counts.get(state) or state in query.states:
            shown = query.states == {state}
            chips.append((errors_path(with_word(text, "is", state)), f"{counts.get(state, 0)} {state}", tone, shown))
    return [*chips, (errors_path(with_word(text, "is", "all")), f"{sum(counts.values())} all", "gap", not query.states)]


def with_word(text: str, name: str, value: str) -> str:
    """Return a query with `name:value` in place of what it says of that name."""
    kept = [word for word in text.split() if not word.startswith(f"{name}:")]
    return " ".join([*kept, f"{name}:{value}"])


def _spark(issue: Issue) -> str:
    return draw_sparkline([float(events) for events in issue.hours], f"events by hour, {max(issue.hours)} at most")
