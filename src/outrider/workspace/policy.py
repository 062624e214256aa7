"""The policy of a check: its own file takes precedence over the schedule, and that over the defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model import CatchUp, ConfigError, ConfigErrors, Overlap, Place, Policy, SubjectKind
from outrider.workspace.patterns import Names, matches
from outrider.workspace.suggestions import nearest
from outrider.workspace.tables import (
    Refused,
    Table,
    as_any_text,
    as_check_id,
    as_choice,
    as_count,
    as_delay,
    as_duration_within,
    as_flag,
    as_labels,
    as_text,
    as_texts,
)
from outrider.workspace.workspace_settings import PolicyOverrides

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from collections.abc import Set as AbstractSet

    from outrider.workspace.workspace_settings import Workspace

_MOST_RETRIES = 10
_MOST_LOCATIONS = 100
_AS_INTERVAL = as_duration_within("100ms", "366d", "more often is a load, more rarely watches nothing")
_AS_TIMEOUT = as_duration_within("1ms", "31d", "a run that hangs for longer would never be ended")
_NOTHING = PolicyOverrides()


def parse_overrides(
    settings: Mapping[str, object], place: Place, *, sessions: Collection[str] | None = None
) -> PolicyOverrides:
    """Read what a check's own file sets, such as the arguments of `@pytest.mark.outrider(every="1m")`.

    Args:
        sessions: Names that `session` may take; anything if absent.

    Raises:
        ConfigErrors: With every problem; all of them stand at `place`.
    """
    problems: list[ConfigError] = []
    table = Table(settings, "outrider", lambda _: place, problems)
    overrides = read_overrides(table, identity=table.read("id", as_check_id(SubjectKind.JOURNEY), None))
    table.close()
    if sessions is not None:
        check_session(overrides, table, sessions)
    if problems:
        raise ConfigErrors(tuple(problems))
    return overrides


def read_overrides(table: Table, *, session: bool = True, identity: str | None = None) -> PolicyOverrides:
    """Read the keys of a policy from `table`, which collects the problems."""
    tags = table.read("tags", as_texts, None)
    return PolicyOverrides(
        every_s=table.read("every", _AS_INTERVAL, None),
        timeout_s=table.read("timeout", _AS_TIMEOUT, None),
        retries=table.read("retries", as_count(0, _MOST_RETRIES), None),
        evidence=table.read("evidence", as_flag, None),
        locations=table.read("locations", _as_locations, None),
        environment=table.read("environment", as_text, None),
        tags=None if tags is None else frozenset(tags),
        enabled=table.read("enabled", as_flag, None),
        session=table.read("session", as_any_text, None) if session else None,
        every_failing_s=table.read("every_failing", _AS_INTERVAL, None),
        cron=table.read("cron", as_any_text, None),
        jitter_s=table.read("jitter", as_delay, None),
        overlap=table.read("overlap", as_choice(Overlap), None),
        catch_up=table.read("catch_up", as_choice(CatchUp), None),
        priority=table.read("priority", as_count(-100, 100), None),
        title=table.read("title", as_any_text, None),
        labels=table.read("labels", as_labels, None),
        down_in=table.read("down_in", as_count(1, _MOST_LOCATIONS), None),
        decides=table.read("decides", as_texts, None),
        id=identity,
    )


def _as_locations(value: object) -> tuple[str, ...]:
    """Accept a list of places, at least one and each once: a check of no place never runs."""
    places = as_texts(value)
    if not places:
        raise Refused("names no location", 'name one, such as ["local"], or remove the line', "out-of-range")
    if len(set(places)) < len(places):
        raise Refused("names a location twice", "name each once", "out-of-range")
    return places


def check_session(overrides: PolicyOverrides, table: Table, known: Collection[str]) -> None:
    """Report a session that no `[sessions.NAME]` describes."""
    if overrides.session and overrides.session not in known:
        what = f'= "{overrides.session}" is not a session of this workspace'
        fix = f"add [sessions.{overrides.session}] to outrider.toml; {nearest(overrides.session, known)}"
        table.report("session", what, fix, "unknown-session")


def resolve(
    workspace: Workspace,
    check_id: str,
    *,
    path: str,
    name: str,
    marks: AbstractSet[str] = frozenset(),
    own: PolicyOverrides = _NOTHING,
) -> Policy:
    """Return the policy of a check.

    Rules of the schedule apply from top to bottom, so that the last one that matches wins, key by key; a rule on
    `tag:x` sees the marks of the script, its own tags, and the tags given so far.

    Args:
        own: What the check's own file sets.
    """
    policy = workspace.defaults
    own_tags = own.tags or frozenset()
    for rule in workspace.schedule:
        names = Names(check_id, path, name, frozenset(marks) | policy.tags | own_tags)
        if any(matches(pattern.text, names) for pattern in rule.patterns):
            policy = rule.overrides.over(policy)
    return own.over(policy)
