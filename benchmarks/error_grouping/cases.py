"""Stacks of one cause in several shapes, and of other causes that look alike, as `cases.txt` beside this lists them.

The shapes are those that public reports complain of and public fixtures record: several builds of one bundle, browsers
that name one function differently, direct and indirect callers that differ, lines that moved, comprehensions that
Python 3.12 has no more, proxies and lambdas that a run time numbers, paths of a deployment, chunks, values in messages
(getsentry/sentry#67884, #49130, #76389, #59522, #42006, #4710, #13036, Aam-Digital/ndb-core#4210; the fixtures of
getsentry/sentry and csnover/TraceKit). All texts and programs in them are invented.

A cause begins with `== NAME`, an event with `-- PLATFORM`. Then come `message TEXT`, `template TEXT`, and exceptions,
the causes first: `raise TYPE: VALUE`, and its frames, the outermost first: `MODULE|FUNCTION|PATH`, after `library`
where they are none of the application.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Final

from outrider.model import ErrorEvent, ErrorException, StackFrame


@dataclass(frozen=True, slots=True)
class Cause:
    """Events of one cause."""

    name: str
    events: tuple[ErrorEvent, ...]


_LINES = count(1)


def read_causes(path: Path) -> tuple[Cause, ...]:
    """Return the causes of a file; each frame gets a line and a column of its own."""
    return tuple(_cause(block) for block in f"\n{path.read_text()}".split("\n== ")[1:])


def _cause(block: str) -> Cause:
    name, *events = block.rstrip().split("\n-- ")
    return Cause(name, tuple(_event(text) for text in events))


def _event(text: str) -> ErrorEvent:
    platform, *lines = text.split("\n")
    event = ErrorEvent("0" * 32, 1, 0, 0, platform=platform)
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "message":
            event = replace(event, message=rest)
        elif word == "template":
            event = replace(event, template=rest)
        elif word == "raise":
            kind, _, value = rest.partition(": ")
            event = replace(event, exceptions=(*event.exceptions, ErrorException(kind.removesuffix(":"), value)))
        else:
            *causes, last = event.exceptions
            event = replace(event, exceptions=(*causes, replace(last, frames=(*last.frames, _frame(line.strip())))))
    return event


def _frame(text: str) -> StackFrame:
    module, function, path = text.removeprefix("library ").split("|")
    line = next(_LINES)
    return StackFrame(module, function, path, line * 7 % 900 + 1, line * 13 % 120, not text.startswith("library "))


CAUSES: Final = read_causes(Path(__file__).with_name("cases.txt"))
UNSEEN: Final = read_causes(Path(__file__).with_name("unseen.txt"))
"""Written after the rules of grouping were, which were not changed for them."""
