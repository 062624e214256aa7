"""Which rule of the workspace an event matches. Pure."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrider.model import ErrorEvent, ErrorRules, FingerprintRule, StackFrame


def fingerprint_rule(event: ErrorEvent, rules: ErrorRules) -> FingerprintRule | None:
    """Return the first rule that says what an event is grouped by; None if none does."""
    return next((rule for rule in rules.fingerprints if _fits_fingerprint(event, rule)), None)


def owner_of(event: ErrorEvent, rules: ErrorRules) -> str:
    """Return whom an issue of such an event is assigned to; empty for nobody."""
    frames = _frames(event)
    return next(
        (
            rule.owner
            for rule in rules.owners
            if _any(rule.service, (event.service,)) and _frame(rule.path, rule.module, frames)
        ),
        "",
    )


def _fits_fingerprint(event: ErrorEvent, rule: FingerprintRule) -> bool:
    messages = (event.message, *(own.value for own in event.exceptions))
    return (
        _any(rule.type, (own.type for own in event.exceptions))
        and _any(rule.message, messages)
        and _any(rule.service, (event.service,))
        and _frame(rule.path, rule.module, _frames(event))
    )


def _frames(event: ErrorEvent) -> tuple[StackFrame, ...]:
    return tuple(frame for own in event.exceptions for frame in own.frames)


def _frame(path: str, module: str, frames: Iterable[StackFrame]) -> bool:
    return (not path and not module) or any(
        _any(path, (frame.path,)) and _any(module, (frame.module,)) for frame in frames
    )


def _any(pattern: str, texts: Iterable[str]) -> bool:
    """Return whether a shell pattern fits one of the texts; an empty one fits all."""
    return not pattern or any(fnmatchcase(text, pattern) for text in texts)
