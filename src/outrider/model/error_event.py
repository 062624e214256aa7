"""One error as it was sent, whichever client sent it, and its stack.

Who makes them has bounded and scrubbed them: counts, lengths, clocks and personal data, and has made texts printable.
Times are microseconds since 1970 in UTC. Identifiers are lower-case hexadecimal, "" where there is none. What is not
known is "", 0, empty or None.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, Final

_ID_DIGITS: Final = 32

Texts = Mapping[str, str]
"""Names and values, such as tags."""


@dataclass(frozen=True, slots=True)
class StackFrame:
    """One call of a stack.

    Attributes:
        module: Its module, package or namespace, such as `shop.cart` or `com.shop.Cart`.
        path: Of the source file, or the address of a script.
        line: From 1.
        column: From 1, where a client tells columns.
        in_app: Whether it is the application's own code, not a library's.
        source: The line itself; `before` and `after` are those around it, in the order of the file.
        locals: Names and values of its variables, as text.
        package: The library, image or assembly that it belongs to, for native code.
        address: Of its instruction, hexadecimal with "0x", for native code.
        minified: Where it was before a source map was applied, as `function at address:line:column`.
        unmapped: Why no source map was applied, where one was looked for.
    """

    module: str = ""
    function: str = ""
    path: str = ""
    line: int = 0
    column: int = 0
    in_app: bool = True
    before: tuple[str, ...] = ()
    source: str = ""
    after: tuple[str, ...] = ()
    locals: Texts = field(default_factory=dict)
    package: str = ""
    address: str = ""
    minified: str = ""
    unmapped: str = ""


@dataclass(frozen=True, slots=True)
class ErrorException:
    """One exception of a chain.

    Attributes:
        handled: Whether the application caught it; None where nothing says.
        mechanism: What reported it, such as `onerror` or `logging`.
        frames: The outermost call first, the one that raised last.
    """

    type: str
    value: str = ""
    module: str = ""
    handled: bool | None = None
    mechanism: str = ""
    frames: tuple[StackFrame, ...] = ()


@dataclass(frozen=True, slots=True)
class ErrorThread:
    """A thread at the time of the error."""

    id: str
    name: str = ""
    crashed: bool = False
    frames: tuple[StackFrame, ...] = ()


@dataclass(frozen=True, slots=True)
class ErrorUser:
    """Whom the error befell, as far as it was sent."""

    id: str = ""
    email: str = ""
    name: str = ""
    address: str = ""

    @property
    def key(self) -> str:
        """What tells this user from others; empty for nobody."""
        return self.id or self.email or self.name or self.address


@dataclass(frozen=True, slots=True)
class ErrorRequest:
    """The request that was answered, or the page that was open."""

    method: str = ""
    url: str = ""
    query: str = ""
    headers: Texts = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True, slots=True)
class Breadcrumb:
    """What happened before the error."""

    at_us: int
    category: str = ""
    level: str = "info"
    message: str = ""
    kind: str = ""
    data: Texts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DebugImage:
    """What was loaded, and by which id its debug file or source map is known."""

    kind: str
    debug_id: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """One error as it was sent.

    Attributes:
        id: 32 digits; an event is stored once.
        project: The number of the project that it was sent to.
        at_us: When it happened, by the client's clock, corrected.
        received_us: When it came in.
        level: `fatal`, `error`, `warning`, `info` or `debug`.
        message: What was logged, its arguments put in; `template` is it without them.
        exceptions: The causes first, the one that was raised last at the end, as Sentry's clients send them.
        service: The service of the project, or `service.name`.
        transaction: The route, task or page.
        contexts: Such as `device`, `os`, `browser`, `runtime`: their values by name.
        fingerprint: What the client groups it by; `{{ default }}` stands for what would be without it.
        sdk: Name and version of the client.
        origin: An `Origin`: whose traffic it was.
        weight: How many events it stands for, where a flood was sampled before it was read.
    """

    id: str
    project: int
    at_us: int
    received_us: int
    level: str = "error"
    message: str = ""
    template: str = ""
    exceptions: tuple[ErrorException, ...] = ()
    platform: str = ""
    logger: str = ""
    service: str = ""
    environment: str = ""
    release: str = ""
    dist: str = ""
    server: str = ""
    transaction: str = ""
    tags: Texts = field(default_factory=dict)
    user: ErrorUser = field(default_factory=ErrorUser)
    request: ErrorRequest = field(default_factory=ErrorRequest)
    breadcrumbs: tuple[Breadcrumb, ...] = ()
    contexts: Mapping[str, Texts] = field(default_factory=dict)
    extra: Texts = field(default_factory=dict)
    threads: tuple[ErrorThread, ...] = ()
    fingerprint: tuple[str, ...] = ()
    sdk: str = ""
    trace_id: str = ""
    span_id: str = ""
    debug_images: tuple[DebugImage, ...] = ()
    origin: str = ""
    weight: int = 1

    @property
    def visitor(self) -> str:
        """What tells whom it befell from others: the user, else the visit to a page; empty where neither is told."""
        return self.user.key or self.contexts.get("session", {}).get("id", "")

    @property
    def raised(self) -> ErrorException | None:
        """The exception that was raised last; None for a message."""
        return self.exceptions[-1] if self.exceptions else None


def is_event_id(text: str) -> bool:
    """Return whether a text is an id as events have it: 32 lower-case hexadecimal digits."""
    return len(text) == _ID_DIGITS and all(digit in "0123456789abcdef" for digit in text)


def event_to_json(event: ErrorEvent) -> bytes:
    """Return an event as JSON in UTF-8, without what is as it would be by default.

    `dataclasses.asdict` would take ten times as long.
    """
    return json.dumps(event, default=_changed, separators=(",", ":")).encode()


def _changed(value: object) -> dict[str, Any]:
    """Return the fields of a value that are not as they would be by default."""
    kind = type(value)
    if kind not in _DEFAULTS:
        raise TypeError(f"{kind.__name__} is no part of an event")
    return {name: own for name, default in _DEFAULTS[kind] if (own := getattr(value, name)) != default}


def event_from_json(value: Mapping[str, Any]) -> ErrorEvent:
    """Return the event that a value of JSON is of; names that are unknown are left out.

    Raises:
        KeyError: If it has no identity.
        TypeError: If a value has another shape.
    """
    return ErrorEvent(**_known(ErrorEvent, value) | {
        "exceptions": tuple(
            ErrorException(**_known(ErrorException, entry) | {"frames": _frames(entry)})
            for entry in value.get("exceptions", ())
        ),
        "threads": tuple(
            ErrorThread(**_known(ErrorThread, entry) | {"frames": _frames(entry)}) for entry in value.get("threads", ())
        ),
        "breadcrumbs": tuple(Breadcrumb(**_known(Breadcrumb, entry)) for entry in value.get("breadcrumbs", ())),
        "debug_images": tuple(DebugImage(**_known(DebugImage, entry)) for entry in value.get("debug_images", ())),
        "user": ErrorUser(**_known(ErrorUser, value.get("user", {}))),
        "request": ErrorRequest(**_known(ErrorRequest, value.get("request", {}))),
        "fingerprint": tuple(value.get("fingerprint", ())),
    })  # fmt: skip


def _frames(entry: Mapping[str, Any]) -> tuple[StackFrame, ...]:
    return tuple(
        StackFrame(**_known(StackFrame, frame) | {
            "before": tuple(frame.get("before", ())), "after": tuple(frame.get("after", ())),
        })
        for frame in entry.get("frames", ())
    )  # fmt: skip


def _known(kind: type, value: Mapping[str, Any]) -> dict[str, Any]:
    names = kind.__dataclass_fields__  # type: ignore[attr-defined]
    return {name: entry for name, entry in value.items() if name in names}


def _default(own: Field[Any]) -> object:
    if own.default_factory is not MISSING:
        return own.default_factory()
    return None if own.default is MISSING else own.default


_KINDS: Final = (
    StackFrame, ErrorException, ErrorThread, ErrorUser, ErrorRequest, Breadcrumb, DebugImage, ErrorEvent,
)  # fmt: skip
_DEFAULTS: Final[Mapping[type, tuple[tuple[str, object], ...]]] = {
    kind: tuple((own.name, _default(own)) for own in fields(kind)) for kind in _KINDS
}
"""The fields of each kind with their values by default; None for those that have to be given."""
