"""Annotations: what people note at a time of the trends, such as "cache warmed"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.alerts import parse_matcher
from outrider.app.access.audit_trail import command_line_change, current_user
from outrider.app.access.workspace_access import now_us
from outrider.model import Annotation, UsageError, new_run_id
from outrider.workspace import gated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.app.access.audit_trail import Note
    from outrider.model import AnnotationLog, AuditLog

_MOST_CHARACTERS = 1_000
_SHORT_ID = 8
_YEAR_US = 366 * 86_400_000_000
_ALL_US = 2**62


def annotate(
    log: AnnotationLog,
    text: str,
    matchers: Sequence[str] = (),
    *,
    audit: AuditLog,
    at_us: int | None = None,
    author: str = "",
    note: Note = command_line_change,
) -> Annotation:
    """Note a text at a time, on the trends of the checks whose labels fulfil all matchers; secrets in it are masked.

    Args:
        log: Where annotations are kept.
        text: What happened.
        matchers: label=value, label!=value, label=~pattern or label!~pattern; none for all checks.
        audit: Where it is noted who did so.
        at_us: When, microseconds UTC; now if absent.
        author: Who does so; the user of this process if absent.
        note: Says who does so, for the audit log; the command line if absent.

    Raises:
        UsageError: bad-matcher, or bad-argument for a text or a time that makes no sense.
    """
    parsed = tuple(str(parse_matcher(matcher)) for matcher in matchers)
    written, made_us = " ".join(text.split()), now_us()
    if not 0 < len(written) <= _MOST_CHARACTERS:
        what = f"an annotation has 1 to {_MOST_CHARACTERS:,} characters, not {len(written):,}"
        raise UsageError(what, slug="bad-argument", fix="write what happened, such as: cache warmed")
    when_us = made_us if at_us is None else at_us
    if not 0 < when_us < made_us + _YEAR_US:
        raise UsageError(
            "the time of an annotation is too far away", slug="bad-argument", fix="write one of the past or this year"
        )
    annotation = Annotation(new_run_id(made_us), when_us, gated(written), parsed, author or current_user())
    with audit.alongside(note("annotation.add", annotation.id, annotation.text)):
        log.record(annotation)
    return annotation


def list_annotations(log: AnnotationLog) -> tuple[Annotation, ...]:
    """Return the latest annotations, the latest first."""
    return log.between(0, _ALL_US)[::-1]


def remove_annotation(log: AnnotationLog, text: str, *, audit: AuditLog, note: Note = command_line_change) -> None:
    """Remove the annotation whose id is, begins or ends with `text`.

    Raises:
        UsageError: unknown-annotation.
    """
    named = named_annotation(list_annotations(log), text)
    with audit.alongside(note("annotation.remove", named.id, named.text)):
        log.remove(named.id)


def named_annotation(known: Sequence[Annotation], text: str) -> Annotation:
    """Return the annotation whose id is, begins or ends with `text`.

    Raises:
        UsageError: unknown-annotation.
    """
    matching = [mark for mark in known if text and (mark.id.startswith(text) or mark.id.endswith(text))]
    if len(matching) != 1:
        ids = ", ".join(mark.id[-_SHORT_ID:] for mark in known[:10]) or "none"
        raise UsageError(
            f'"{text[:80]}" is not the id of one annotation', slug="unknown-annotation", fix=f"the latest are: {ids}"
        )
    return matching[0]
