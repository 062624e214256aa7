"""Silences: incidents whose labels match are muted for a while."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.alerts import parse_matcher
from outrider.app.stored_incidents import current_user
from outrider.app.workspace_access import now_us
from outrider.model import Silence, UsageError, new_run_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.store import Store

_SHORT_ID = 8


def list_silences(store: Store) -> tuple[Silence, ...]:
    """Return the silences that have not ended."""
    return tuple(store.silences.ending_after(now_us()))


def silence_incidents(
    store: Store,
    matchers: Sequence[str],
    *,
    length_s: float,
    starts_us: int | None = None,
    author: str = "",
    comment: str = "",
) -> Silence:
    """Silence the incidents whose labels fulfil all matchers.

    Args:
        store: Where silences are kept.
        matchers: label=value, label!=value, label=~pattern or label!~pattern.
        length_s: For how long.
        starts_us: From when on; from now on if absent.
        author: Who does so; the user of this process if absent.
        comment: Why.

    Raises:
        UsageError: If a matcher cannot be read.
    """
    parsed = tuple(str(parse_matcher(matcher)) for matcher in matchers)
    at_us = now_us()
    begin_us = at_us if starts_us is None else starts_us
    end_us = begin_us + int(length_s * 1_000_000)
    silence = Silence(new_run_id(at_us), begin_us, end_us, parsed, author or current_user(), comment)
    store.silences.record(silence)
    return silence


def end_silence(store: Store, text: str) -> Silence:
    """End the silence whose id is, begins or ends with `text`, and return it.

    Raises:
        UsageError: unknown-silence.
    """
    at_us = now_us()
    active = store.silences.ending_after(at_us)
    matching = [silence for silence in active if silence.id.startswith(text) or silence.id.endswith(text)]
    if len(matching) != 1:
        ids = ", ".join(silence.id[-_SHORT_ID:] for silence in active) or "none"
        raise UsageError(f'"{text}" is not the id of one silence', slug="unknown-silence", fix=f"there are: {ids}")
    ended = replace(matching[0], ends_us=at_us)
    store.silences.record(ended)
    return ended
