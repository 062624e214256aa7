"""The route that jobs call."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.applications import Starlette

from outrider.model import Beat, Beats, CallKind, CheckId, HeartbeatKeys, StoreError
from outrider.server import application
from outrider.server.heartbeats import MOST_NOTE_BYTES, HeartbeatCalls, heartbeat_routes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from outrider.model import RunId

CHECK, OTHER = CheckId("probe:nightly"), CheckId("probe:weekly")
KEYS = HeartbeatKeys({"nightly-token": CHECK, "ping-key/weekly": OTHER})
START, LOG = CallKind.START, CallKind.LOG
UUID = "0c6d7a52-5a0c-4a4e-9a53-8b8a3a2f1a77"


class Recorder:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.beats: list[tuple[CheckId, Beat]] = []

    def record(self, check: CheckId, beat: Beat) -> None:
        self.beats.append((check, beat))

    def get(self, check: CheckId) -> Beats:
        return Beats(None, next((beat for known, beat in reversed(self.beats) if known == check), None))

    def look(self, check: CheckId, run: RunId) -> Beats:
        raise NotImplementedError

    def listened(self, at_us: int, tolerated_us: int) -> None:
        raise NotImplementedError


def call(method: str, path: str, content: bytes | AsyncIterator[bytes] = b"") -> tuple[int, list[tuple[CheckId, Beat]]]:
    recorder = Recorder()
    app = application(recorder, KEYS, lambda: 42)

    async def send() -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://outrider.test") as client:
            return (await client.request(method, path, content=content)).status_code

    return asyncio.run(send()), recorder.beats


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "beat"),
    [
        ("GET", "/heartbeat/nightly-token", b"", 200, Beat(42)),
        ("HEAD", "/heartbeat/nightly-token", b"", 200, Beat(42)),
        ("POST", "/heartbeat/nightly-token", b" 17 files\n", 200, Beat(42, 0, "17 files")),
        ("POST", "/heartbeat/nightly-token?exit=3", b"\xff", 200, Beat(42, 3, "\N{REPLACEMENT CHARACTER}")),
        ("GET", "/heartbeat/nightly-token?exit=-1", b"", 400, None),
        ("GET", "/heartbeat/nightly-token?exit=256", b"", 400, None),
        ("GET", "/heartbeat/nightly-token?exit=", b"", 400, None),
        ("GET", "/heartbeat/nightly-token?status=up&msg=OK&ping=12", b"", 200, Beat(42, 0, "OK")),
        ("GET", "/heartbeat/nightly-token?status=down&msg=disk%20full&ping=", b"", 200, Beat(42, 1, "disk full")),
        ("GET", "/heartbeat/nightly-token?status=&msg=&ping=", b"", 200, Beat(42)),
        ("POST", "/heartbeat/nightly-token?success=false&error=no%20disk", b"", 200, Beat(42, 1, "no disk")),
        ("POST", "/heartbeat/nightly-token?success=true&duration=3s", b"", 200, Beat(42)),
        ("POST", "/heartbeat/nightly-token?success=true&status=down", b"", 200, Beat(42, 1)),
        ("GET", "/heartbeat/nightly-token?status=pending", b"", 400, None),
        ("GET", "/heartbeat/nightly-token?status=200", b"", 400, None),
        ("POST", "/heartbeat/nightly-token?msg=query", b"body", 200, Beat(42, 0, "body")),
        ("GET", "/heartbeat/nightly-token/fail", b"", 200, Beat(42, 1)),
        ("POST", "/heartbeat/nightly-token/fail", b"disk full", 200, Beat(42, 1, "disk full")),
        ("GET", "/heartbeat/nightly-token/success", b"", 200, Beat(42)),
        ("HEAD", "/heartbeat/nightly-token/3", b"", 200, Beat(42, 3)),
        ("GET", "/heartbeat/nightly-token/256", b"", 400, None),
        ("GET", "/heartbeat/nightly-token/failed", b"", 400, None),
        ("GET", "/heartbeat/nightly-token/start", b"", 200, Beat(42, kind=START)),
        ("POST", "/heartbeat/nightly-token/log", b"at 30 %", 200, Beat(42, 0, "at 30 %", LOG)),
        ("GET", f"/heartbeat/nightly-token/start?rid={UUID}", b"", 200, Beat(42, kind=START, run=UUID)),
        ("GET", f"/heartbeat/nightly-token/3?rid={UUID}", b"", 200, Beat(42, 3, run=UUID)),
        ("GET", "/heartbeat/nightly-token?rid=%00", b"", 400, None),
        ("GET", "/heartbeat/nightly-token/0000000000000000000001", b"", 400, None),
        ("GET", "/heartbeat/nightly-token/\N{ARABIC-INDIC DIGIT ONE}", b"", 400, None),
        ("GET", "/heartbeat/nightly-token/fail/now", b"", 400, None),
        ("GET", "/ping/nightly-token/fail", b"", 200, Beat(42, 1)),
        ("GET", "/heartbeat/nightly/fail", b"", 404, None),
        ("GET", "/ping/ping-key/daily", b"", 404, None),
        ("GET", "/ping/ping-key", b"", 404, None),
        ("GET", "/ping/%ff%00/%ff", b"", 404, None),
        ("GET", "/heartbeat/nightly", b"", 404, None),
        ("GET", "/heartbeat/", b"", 404, None),
        ("DELETE", "/heartbeat/nightly-token", b"", 405, None),
    ],
)
def test_a_call_is_noted_or_refused(method: str, path: str, content: bytes, status: int, beat: Beat | None) -> None:
    """Whoever knows the token can call, by the simplest means that a cron job has."""
    assert call(method, path, content) == (status, [(CHECK, beat)] if beat else [])


def test_an_endless_note_is_cut_off() -> None:
    """A job may pipe its whole log into the call."""

    async def log() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 1_000

    status, [(_, beat)] = call("POST", "/heartbeat/nightly-token", log())

    assert (status, len(beat.note) < MOST_NOTE_BYTES) == (200, True)
    assert beat.note.endswith("x… [cut: more than 20,000 bytes]")


@pytest.mark.parametrize(
    ("path", "beat"),
    [
        ("/ping/ping-key/weekly", Beat(42)),
        ("/ping/ping-key/weekly/start", Beat(42, kind=START)),
        ("/ping/ping-key/weekly/fail", Beat(42, 1)),
        ("/ping/ping-key/weekly/137", Beat(42, 137)),
        ("/heartbeat/ping-key/weekly/log", Beat(42, kind=LOG)),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_job_is_known_by_a_key_and_its_name(method: str, path: str, beat: Beat) -> None:
    """As at healthchecks.io: a job that calls there calls here after its host is changed."""
    assert call(method, path) == (200, [(OTHER, beat)])


class Away(Recorder):
    """A store that is not there, or that breaks."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def record(self, check: CheckId, beat: Beat) -> None:
        raise self._error


AWAY = StoreError("runs.db is not there", slug="store-locked", fix="mount it")


@pytest.mark.parametrize(
    ("keys", "path", "error"),
    [
        (KEYS, "/heartbeat/nightly-token", AWAY),
        (KEYS, "/heartbeat/nightly-token", RuntimeError("of any kind")),
        (KEYS, "/ping/ping-key/weekly/start", OSError(28, "No space left on device")),
        (None, "/heartbeat/nightly-token", AWAY),
        (None, "/ping/ping-key/weekly/fail", AWAY),
        (HeartbeatKeys({}, is_complete=False), "/heartbeat/nightly-token", AWAY),
    ],
)
def test_a_call_that_cannot_be_kept_now_is_to_be_repeated(
    keys: HeartbeatKeys | None, path: str, error: Exception
) -> None:
    """Neither 404 nor 500, also while the service starts: curl --retry calls again on 503, and heeds Retry-After."""
    app = application(Away(error), keys, lambda: 42)

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://outrider.test") as client:
            return await client.post(path, content=b"done")

    answer = asyncio.run(send())

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")


def test_a_call_during_a_locked_store_is_answered_in_time() -> None:
    """The caller is to call again before it gives up itself; what the store takes in the end is kept."""
    free = threading.Event()

    class Locked(Recorder):
        def record(self, check: CheckId, beat: Beat) -> None:
            free.wait(20)
            super().record(check, beat)

    app = Starlette(routes=heartbeat_routes(HeartbeatCalls(Locked(), KEYS, lambda: 42, keep_s=0.05)))

    async def send() -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://outrider.test") as client:
            answer = await client.post("/heartbeat/nightly-token")
        free.set()
        return answer.status_code

    assert asyncio.run(send()) == 503


def test_a_call_whose_body_breaks_off_is_kept() -> None:
    """A job that is killed while it sends its log has failed all the same."""
    recorder, messages = Recorder(), iter([{"type": "http.request", "body": b"disk fu", "more_body": True}])
    path = "/heartbeat/nightly-token/fail"
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [],
    }

    async def receive() -> dict[str, object]:
        return next(messages, {"type": "http.disconnect"})

    async def send(_: object) -> None:
        pass

    asyncio.run(application(recorder, KEYS, lambda: 42)(scope, receive, send))

    assert recorder.beats == [(CHECK, Beat(42, 1, "disk fu"))]
