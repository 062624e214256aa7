"""Silences: incidents whose labels match are muted for a while."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from outrider.alerts import AlertSettings, parse_matcher, read_incidents, silence_effect
from outrider.app.access.audit_trail import command_line_change, current_user
from outrider.app.access.workspace_access import now_us
from outrider.app.alerting.alert_configuration import alert_settings
from outrider.model import OutriderError, Silence, UsageError, new_run_id
from outrider.workspace import format_duration, gated, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.alerts import SilenceEffect
    from outrider.app.access.audit_trail import Note
    from outrider.model import AuditLog, Check, IncidentLog, SilenceLog
    from outrider.workspace import Workspace

_SHORT_ID = 8


def list_silences(log: SilenceLog) -> tuple[Silence, ...]:
    """Return the silences that have not ended."""
    return tuple(log.ending_after(now_us()))


def silence_incidents(
    log: SilenceLog,
    matchers: Sequence[str],
    *,
    audit: AuditLog,
    length_s: float,
    starts_us: int | None = None,
    author: str = "",
    comment: str = "",
    note: Note | None = None,
) -> Silence:
    """Silence the incidents whose labels fulfil all matchers.

    Args:
        log: Where silences are kept.
        matchers: label=value, label!=value, label=~pattern or label!~pattern.
        audit: Where it is noted who did so.
        length_s: For how long.
        starts_us: From when on; from now on if absent.
        author: Who does so; the user of this process if absent.
        comment: Why.
        note: Says who does so, for the audit log; the command line if absent.

    Raises:
        UsageError: If a matcher cannot be read.
    """
    parsed = tuple(str(parse_matcher(matcher)) for matcher in matchers)
    at_us = now_us()
    begin_us = at_us if starts_us is None else starts_us
    end_us = begin_us + int(length_s * 1_000_000)
    silence = Silence(new_run_id(at_us), begin_us, end_us, parsed, author or current_user(), gated(comment))
    detail = f"{format_duration(length_s)} {silence.comment}".strip()
    note = note or partial(command_line_change, author=author)
    with audit.alongside(note("silence.add", " ".join(parsed), detail)):
        log.record(silence)
    return silence


def preview_silence(workspace: Workspace, log: IncidentLog, matchers: Sequence[str]) -> SilenceEffect:
    """Return what a silence with these matchers mutes now; tests are collected for it, not run.

    Where the workspace cannot be read, such as without its secrets, only its incidents are looked at, and any label is
    taken.

    Raises:
        UsageError: bad-matcher, or unknown-label for a label that neither a check, a rule nor an incident has, or for
            a problem or severity that there is not.
    """
    incidents = read_incidents(log.search(lasting=True, limit=None))
    readable = _checks_and_settings(workspace)
    checks, settings = readable or ((), AlertSettings())
    effect = silence_effect(matchers, incidents, checks, settings)
    if effect.unknown_labels and readable:
        label = effect.unknown_labels[0]
        what = f'no check and no incident has a label "{label}", so nothing would be muted'
        raise UsageError(what, slug="unknown-label", fix=nearest(label, effect.labels))
    for matcher, values in effect.impossible:
        what = f'no {matcher.label} fulfils "{matcher}", so nothing would be muted'
        raise UsageError(what, slug="unknown-label", fix=nearest(matcher.value, values))
    return effect


def _checks_and_settings(workspace: Workspace) -> tuple[Sequence[Check], AlertSettings] | None:
    from outrider.app.execution.runtime import list_checks  # noqa: PLC0415 - pages end silences, and run nothing

    try:
        return list_checks(workspace), alert_settings(workspace)
    except OutriderError:
        return None


def end_silence(log: SilenceLog, text: str, audit: AuditLog, note: Note = command_line_change) -> Silence:
    """End the silence whose id is, begins or ends with `text`, and return it.

    Raises:
        UsageError: unknown-silence.
    """
    at_us = now_us()
    ended = replace(named_silence(log.ending_after(at_us), text), ends_us=at_us)
    with audit.alongside(note("silence.end", " ".join(ended.matchers), ended.id)):
        log.record(ended)
    return ended


def named_silence(active: Sequence[Silence], text: str) -> Silence:
    """Return the silence whose id is, begins or ends with `text`.

    Raises:
        UsageError: unknown-silence.
    """
    matching = [silence for silence in active if silence.id.startswith(text) or silence.id.endswith(text)]
    if len(matching) != 1:
        ids = ", ".join(silence.id[-_SHORT_ID:] for silence in active) or "none"
        raise UsageError(f'"{text}" is not the id of one silence', slug="unknown-silence", fix=f"there are: {ids}")
    return matching[0]
