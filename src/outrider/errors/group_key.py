"""Which events belong together, and why. Pure.

Version 1. The key is the chain of the types of the exceptions, and where the first of them was raised: the innermost
frame of the application. The frames outside of it differ with who calls, so that they would split one cause. A helper
that raises for others (`check_stock`, `http_client.get`) would lump many, so that its callers count, too, up to the
first that is none; except for faults of code, such as a TypeError, which are of the function itself. Where no frame
says anything, as in a minified script without its source map, the form of the message takes their place.

A version is never changed once it was released: a better one gets the next number, and `earlier_keys` finds the issues
that older ones made.
"""

from __future__ import annotations

import re
from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from outrider.errors.frame_form import FrameForm, frame_form, is_native
from outrider.errors.message_form import message_form
from outrider.errors.rule_match import fingerprint_rule
from outrider.model import ErrorRules, Grouping

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from outrider.model import ErrorEvent, ErrorException, StackFrame

VERSION: Final = 1
_NO_RULES = ErrorRules()
_MOST_FRAMES: Final = 250
_MOST_TYPES: Final = 10
_MOST_CALLERS: Final = 3
_LIBRARY_FRAMES: Final = 2
_CYCLE: Final = 3
"""How often a frame comes in a stack that overflowed by it."""

_HELPER: Final = re.compile(
    r"(?:.*[.:#])?_*(?:"
    r"(?:assert|check|ensure|require|invariant|validate|verify|expect|raise|throw|fail|abort|panic|must)(?:[_A-Z(].*)?"
    r"|\w+_or_(?:404|raise|fail|throw|error)|\w+Or(?:Throw|Fail|Raise|Abort|Die)"
    r"|call|invoke|apply|dispatch|execute|request|send|fetch|get|post|run|handle|wrapper|wrapped|inner|retry|unwrap"
    r")"
)
"""Names of functions that raise or call for others."""
_HELPERS: Final = re.compile(
    r"(?:.*[/._\\:\-])?(?:utils?|helpers?|common|shared|errors?|exceptions?|assertions?|validators?|decorators?|"
    r"middlewares?|wrappers?|http_?client|api_?client)(?:[/._\\:\-].*)?",
    re.IGNORECASE,
)
"""Modules of such functions."""
_FAULT: Final = re.compile(
    r"(?:Type|Attribute|Name|UnboundLocal|Index|ZeroDivision|Reference|Syntax|NoMethod|Indentation)Error"
    r"|NullPointerException|NullReferenceException|ArrayIndexOutOfBoundsException|ClassCastException|boundsError"
    r"|SIGSEGV|SIGBUS|EXC_BAD_ACCESS"
)
_NETWORK: Final = re.compile(r"fetch|NetworkError|Load failed|network", re.IGNORECASE)
"""What browsers call a TypeError, too."""

_OVERFLOW: Final = re.compile(r"RecursionError|StackOverflow|SystemStackError")
_OVERFLOW_TEXT: Final = re.compile(r"(?:call stack size exceeded|too much recursion)", re.IGNORECASE)
_TYPE: Final = re.compile(r"`\d+.*$|\$\d+|@anonymous.*$|<.*>$")
_VARIABLE: Final = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")


def group(event: ErrorEvent, rules: ErrorRules = _NO_RULES) -> Grouping:
    """Return what an event is grouped by: a rule of the workspace, what its client says, or its stack."""
    rule = fingerprint_rule(event, rules)
    if rule is not None:
        where = f" ({rule.where})" if rule.where else ""
        return _by_fingerprint(event, rule.fingerprint, f"a rule of yours{where}")
    if any(not _is_default(part) for part in event.fingerprint):
        return _by_fingerprint(event, event.fingerprint, "the fingerprint that the client sent")
    return _by_content(event)


def earlier_keys(event: ErrorEvent, rules: ErrorRules = _NO_RULES) -> tuple[Grouping, ...]:
    """Return what older versions would group an event by, the newest first."""
    return tuple(older(event, rules) for older in _EARLIER)


_EARLIER: Sequence[Callable[[ErrorEvent, ErrorRules], Grouping]] = ()


def title_of_event(event: ErrorEvent) -> tuple[str, str, str]:
    """Return what an issue is called: the type or the message, what the exception said, and where it was raised."""
    raised = event.raised
    if raised is None:
        line = next((line for line in (event.message or event.template).splitlines() if line.strip()), "")
        return line or "(no message)", "", event.transaction or event.logger
    frame = next((frame for frame in reversed(raised.frames) if frame.in_app), None)
    frame = frame or (raised.frames[-1] if raised.frames else None)
    where = ""
    if frame is not None:
        place = frame.module or frame.path
        where = f"{frame.function} in {place}" if frame.function and place else frame.function or place
    return raised.type or raised.value.partition("\n")[0] or "Error", raised.value, event.transaction or where


def _by_content(event: ErrorEvent) -> Grouping:
    types = _types(event.exceptions)
    if not types:
        return _by_message(event)
    if _is_overflow(event):
        return _by_cycle(event)
    frames, are_own = _raising(event)
    if frames:
        kind = "where it was raised" if are_own else "the library's frames, since none is of the application"
        return _keyed([*_type_parts(types), *(f"frame {form.text}" for form in frames)], f"{_of(types)}, and {kind}")
    form = message_form(event.exceptions[0].value)
    place = _script(event)
    parts = [*_type_parts(types), f"message {form}", *([f"script {place}"] if place else [])]
    return _keyed(parts, f"{_of(types)}, and the form of the message, since no frame has a name that lasts")


def _by_message(event: ErrorEvent) -> Grouping:
    if event.template and event.template != event.message:
        return _keyed([f"template {event.template[:500]}"], "the message before its arguments were put in")
    form = message_form(event.message)
    if form:
        return _keyed([f"message {form}"], "the form of the message")
    place = event.transaction or event.logger
    return _keyed([f"nothing {place}"], "where it came from, since it says nothing else")


def _by_cycle(event: ErrorEvent) -> Grouping:
    """Group a stack that overflowed by the functions that call each other: where it ended is chance.

    Browsers have different types for it.
    """
    frames = [frame for exception in event.exceptions for frame in exception.frames]
    counts = Counter(frame_form(frame, event.platform) for frame in frames)
    cycle = sorted(form.text for form, count in counts.items() if count >= _CYCLE and form.function)
    return _keyed(["overflow of the stack", *(f"cycle {text}" for text in cycle)], "the functions that call each other")


def _by_fingerprint(event: ErrorEvent, fingerprint: Sequence[str], why: str) -> Grouping:
    content = _by_content(event)
    values = _variables(event, content)
    texts = [_VARIABLE.sub(lambda match: values.get(match[1], match[0]), part[:500]) for part in fingerprint[:20]]
    shown = [part for text in texts for part in (content.parts if text == content.key else (f"fingerprint {text}",))]
    return _keyed([f"fingerprint {text}" for text in texts], why, shown)


def _variables(event: ErrorEvent, content: Grouping) -> Mapping[str, str]:
    raised = event.raised
    frame = raised.frames[-1] if raised and raised.frames else None
    return {
        "default": content.key,
        "type": raised.type if raised else "",
        "error.type": raised.type if raised else "",
        "message": message_form(raised.value if raised else event.message),
        "transaction": event.transaction,
        "level": event.level,
        "logger": event.logger,
        "service": event.service,
        "environment": event.environment,
        "function": frame.function if frame else "",
        "module": frame.module if frame else "",
    }


def _is_default(part: str) -> bool:
    match = _VARIABLE.fullmatch(part.strip())
    return match is not None and match[1] == "default"


def _types(exceptions: Sequence[ErrorException]) -> tuple[str, ...]:
    """Return the types of a chain, the raised one first, each once: how many children a group has is chance."""
    names = (_TYPE.sub("", exception.type.rsplit(".", 1)[-1]) or "Error" for exception in reversed(exceptions))
    return tuple(dict.fromkeys(names))[:_MOST_TYPES]


def _type_parts(types: Sequence[str]) -> list[str]:
    return [f"type {name}" for name in types]


def _of(types: Sequence[str]) -> str:
    return f"the types {', caused by '.join(types)}" if len(types) > 1 else f"the type {types[0]}"


def _is_overflow(event: ErrorEvent) -> bool:
    return any(_OVERFLOW.search(own.type) or _OVERFLOW_TEXT.search(own.value) for own in event.exceptions)


def _raising(event: ErrorEvent) -> tuple[tuple[FrameForm, ...], bool]:
    """Return the frames that count, the innermost first, and whether they are the application's.

    They are of the first cause whose stack has any of the application: it is nearest to what went wrong.
    """
    for exception in event.exceptions:
        own = _named([frame for frame in exception.frames if frame.in_app], event.platform)
        if own:
            return (tuple(own[:1]) if _is_fault(exception) else _with_callers(own)), True
    for exception in event.exceptions:
        theirs = _named(exception.frames, event.platform)
        if theirs:
            return tuple(theirs[:_LIBRARY_FRAMES]), False
    return (), False


def _named(frames: Sequence[StackFrame], platform: str) -> list[FrameForm]:
    """Return the forms of frames that have a lasting name, the innermost first, without repetitions in a row."""
    forms: list[FrameForm] = []
    for frame in reversed(frames[-_MOST_FRAMES:]):
        form = frame_form(frame, platform)
        if form.function and not is_native(frame) and (not forms or forms[-1] != form):
            forms.append(form)
    return forms


def _with_callers(forms: Sequence[FrameForm]) -> tuple[FrameForm, ...]:
    """Return the innermost frame, and its callers as long as the one before only raises for others."""
    last = next((index for index, form in enumerate(forms) if not _is_helper(form)), len(forms) - 1)
    return tuple(forms[: min(last, _MOST_CALLERS) + 1])


def _is_helper(form: FrameForm) -> bool:
    return bool(_HELPER.fullmatch(form.function) or _HELPERS.fullmatch(form.module))


def _is_fault(exception: ErrorException) -> bool:
    """Return whether an exception is of the function that it was raised in, whoever called it: a fault of its code."""
    name = exception.type.rsplit(".", 1)[-1]
    return bool(_FAULT.fullmatch(name)) and not _NETWORK.search(exception.value)


def _script(event: ErrorEvent) -> str:
    """Return the file of the innermost frame that has one."""
    frames = event.exceptions[0].frames
    forms = (frame_form(frame, event.platform) for frame in reversed(frames) if not is_native(frame))
    return next((form.module for form in forms if form.module), "")


def _keyed(parts: Sequence[str], reason: str, shown: Sequence[str] | None = None) -> Grouping:
    text = "\n".join((str(VERSION), *parts))
    key = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return Grouping(VERSION, key, reason, tuple(parts if shown is None else shown))
