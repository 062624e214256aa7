"""Messages between a worker and the process that started it: one JSON object a line over a socket pair."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, get_args

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

MAX_TEXT = 20_000
# Taken before any test runs: what a test puts in the place of `json.dumps` is no concern of ours.
_encode, _decode = json.JSONEncoder().encode, json.JSONDecoder().decode


@dataclass(frozen=True, slots=True)
class StartPytest:
    """Start pytest with these arguments, the first message to a worker.

    Attributes:
        paths: Folders and files.
        options: What begins with a dash.
        ignored: Folders below the paths whose conftests belong to another start.
    """

    paths: list[str]
    options: list[str]
    ignored: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Collect:
    """Find the tests below `paths`, without those in files and folders that are `ignored`."""

    paths: list[str]
    ignored: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CollectStart:
    """A file or folder is collected from now on: the culprit, should the worker end or never answer."""

    path: str


@dataclass(frozen=True, slots=True)
class AttemptOrder:
    """Carry out one attempt of `target`, leaving its files in `scratch`.

    Attributes:
        endpoint: Address of the shared browser.
        label: Prefix of the trace files that the browser writes while the test runs.
        picture: Take a picture of the last page though the test passes.
        state: Stored browser state to start from; empty for none.
        save_state: Where to keep the browser state after the test; empty for nowhere.
        fault: A fault of `outrider prove`, injected by routing; empty for none.
        film_after_s: When to begin a film, should the test still be under way then; zero for never.
        trace_id: Of the trace that pages' requests name; empty where they name none.
        trace_state: What `tracestate` says of it, signed.
        propagate_to: The origins whose requests name it.
        by_route: Whether requests are routed for that, which bypasses the cache, and not by a script.
        main_thread: Whether pages note what kept their main thread.
    """

    target: str
    scratch: str
    endpoint: str
    label: str
    evidence: bool = False
    picture: bool = False
    state: str = ""
    save_state: str = ""
    fault: str = ""
    film_after_s: float = 0.0
    trace_id: str = ""
    trace_state: str = ""
    propagate_to: list[str] = field(default_factory=list)
    by_route: bool = False
    main_thread: bool = True


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker is warm."""


@dataclass(frozen=True, slots=True)
class CollectedTest:
    """A collected test.

    Attributes:
        target: pytest's node id.
        overrides: Keyword arguments of the test's own `outrider` marker.
    """

    target: str
    path: str
    name: str
    line: int
    marks: list[str]
    overrides: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Collection:
    """All collected tests, and what could not be collected.

    Attributes:
        errors: (path or node id, message).
        without_tests: Paths that were asked for and gave neither a test nor an error: (path, what may leave it out).
    """

    tests: list[CollectedTest]
    errors: list[list[str]]
    without_tests: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class StepEvent:
    """A named step began (no duration) or ended."""

    name: str
    start_ms: float
    duration_ms: float | None
    parent: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class TypedPassword:
    """A value typed into a password field: to be masked wherever it stands."""

    value: str


@dataclass(frozen=True, slots=True)
class Phase:
    """pytest's report of one phase (setup, call, teardown).

    Attributes:
        outcome: passed, failed or skipped; with `expected` for an expected failure.
        error_type: Qualified name of the exception, empty if none.
        kind: The exception's `ErrorKind`, empty if none.
        place: File and line of the suite that it was raised from, empty if none.
        cause: Type and message of the exception that it was raised from or because of, empty if none.
        closed_by: Who closed what the failed call was for: `page`, `test`, or empty if neither did.
    """

    when: str
    outcome: str
    duration_ms: float
    expected: bool = False
    error_type: str = ""
    message: str = ""
    detail: str = ""
    kind: str = ""
    place: str = ""
    cause: str = ""
    closed_by: str = ""


@dataclass(frozen=True, slots=True)
class ContextFiles:
    """Files of one browser context: its traces in order, and its HAR."""

    traces: list[str]
    har: str


@dataclass(frozen=True, slots=True)
class WrittenWait:
    """A wait for an address or a load state, as the test wrote it, and where the test did."""

    title: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """An attempt is over.

    Attributes:
        connections: Network connections that the test opened by itself, and browsers that it reached over CDP.
        documents: Web vitals of each document and what kept its main thread, as the page reported them.
        screenshots: Pictures taken as evidence.
        log: What the test printed and logged.
        overdue: Whether it was interrupted because its time was up.
        interrupted_in_test: Whether the interrupt met the test's own code, and not a call of Playwright's.
        crashed: Whether a page's process crashed.
        disconnected: Whether a browser went away that the test did not close.
        injected: How many requests a fault was injected into.
        waits: What the test has waited for with `wait_for_url` and the like.
    """

    started_ms: float
    duration_ms: float
    phases: list[Phase]
    contexts: list[ContextFiles]
    documents: list[dict[str, Any]]
    screenshots: list[str]
    videos: list[str]
    connections: int
    browser: str
    log: str
    overdue: bool
    interrupted_in_test: bool = False
    crashed: bool = False
    disconnected: bool = False
    injected: int = 0
    waits: list[WrittenWait] = field(default_factory=list)


Message = (
    StartPytest
    | Collect
    | CollectStart
    | AttemptOrder
    | Ready
    | Collection
    | StepEvent
    | TypedPassword
    | Phase
    | AttemptResult
)
_NESTED = {"tests": CollectedTest, "phases": Phase, "contexts": ContextFiles, "waits": WrittenWait}
_TYPES = {kind.__name__: kind for kind in get_args(Message)}


def encode(message: Message) -> bytes:
    """Return the message as one line."""
    return _encode({"is": type(message).__name__, **asdict(message)}).encode() + b"\n"


def decode(line: bytes) -> Message:
    """Return the message of one line; the line comes from our own code of the same version."""
    fields: dict[str, Any] = _decode(line.decode())
    kind = _TYPES[fields.pop("is")]
    for name, nested in _NESTED.items():
        if name in fields:
            fields[name] = [nested(**item) for item in fields[name]]
    message: Message = kind(**fields)
    return message


class Channel:
    """A socket that carries messages; sending is safe from several threads for messages below one buffer."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = bytearray()

    def send(self, message: Message) -> None:
        """Send one message.

        Raises:
            OSError: If the other side is gone.
        """
        self._connection.sendall(encode(message))

    def receive(self, timeout_s: float | None = None) -> Message | None:
        """Return the next message, or None when the other side has closed.

        Raises:
            TimeoutError: If none came in time.
        """
        while (end := self._buffer.find(b"\n")) < 0:
            self._connection.settimeout(timeout_s)
            chunk = self._connection.recv(65536)
            if not chunk:
                return None
            self._buffer += chunk
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        return decode(line)

    def __iter__(self) -> Iterator[Message]:
        while (message := self.receive()) is not None:
            yield message

    def close(self) -> None:
        """Close the socket."""
        self._connection.close()
