"""What the API answers about the checks of the workspace: the policy of each, and the new levels of its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.dashboard.api_values import instant
from outrider.dashboard.check_detail import named_check
from outrider.model import UsageError

if TYPE_CHECKING:
    from outrider.dashboard.sources import Sources
    from outrider.model import Check
    from outrider.runs import LevelChange


@dataclass(frozen=True, slots=True)
class PolicyItem:
    """A check and how it runs: every so many seconds, unless it has a `cron`. `marks` are those of its script."""

    id: str
    kind: str
    path: str
    line: int
    name: str
    title: str
    enabled: bool
    every_s: float
    cron: str | None
    timeout_s: float
    retries: int
    evidence: bool
    locations: tuple[str, ...]
    environment: str
    tags: tuple[str, ...]
    marks: tuple[str, ...]
    labels: dict[str, str]
    session: str | None


@dataclass(frozen=True, slots=True)
class PolicyPage:
    """Checks in the order of the workspace, switched off ones too; `next` is the cursor of the page after, or null."""

    items: tuple[PolicyItem, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class LevelChangeItem:
    """A new level of a step: when it began, with its 95 % interval; levels are in ms, without their season."""

    step: str
    at: str | None
    earliest: str | None
    latest: str | None
    before_ms: float
    after_ms: float
    p_value: float
    release: str


@dataclass(frozen=True, slots=True)
class LevelChangeBody:
    """The lasting new levels of the steps of a check, the latest first; `release` is the one that explains it."""

    check: str
    items: tuple[LevelChangeItem, ...]


def api_policies(sources: Sources, after: int, limit: int) -> PolicyPage:
    """Return the checks of the workspace in its order, without the first `after`.

    Raises:
        UsageError: not-loaded.
    """
    checks = sources.checks()
    if checks is None:
        raise UsageError("the workspace is being loaded", slug="not-loaded", fix="try again in a moment")
    shown = checks[after : after + limit]
    return PolicyPage(tuple(map(_policy_item, shown)), str(after + limit) if len(checks) > after + limit else None)


def _policy_item(check: Check) -> PolicyItem:
    policy = check.policy
    return PolicyItem(
        id=check.id, kind=check.kind.value, path=check.path, line=check.line, name=check.name, title=check.title,
        enabled=policy.enabled, every_s=policy.every_s, cron=policy.cron, timeout_s=policy.timeout_s,
        retries=policy.retries, evidence=policy.evidence, locations=policy.locations, environment=policy.environment,
        tags=tuple(sorted(policy.tags)), marks=tuple(sorted(check.marks)), labels=dict(policy.labels),
        session=policy.session,
    )  # fmt: skip


def api_level_changes(sources: Sources, check: str) -> LevelChangeBody:
    """Return the new levels of the steps of a check.

    Raises:
        UsageError: unknown-check.
    """
    named = named_check(sources, check)[0].id
    return LevelChangeBody(named, tuple(map(_change_item, sources.level_changes(named))))


def _change_item(change: LevelChange) -> LevelChangeItem:
    return LevelChangeItem(
        change.step, instant(change.at_us), instant(change.earliest_us), instant(change.latest_us), change.before_ms,
        change.after_ms, change.p_value, change.release,
    )  # fmt: skip
