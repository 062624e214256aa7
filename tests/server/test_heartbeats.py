"""The route that jobs call."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest

from outrider.model import Beat, Beats, CheckId, StoreError
from outrider.server import application
from outrider.server.heartbeats import MOST_NOTE_BYTES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CHECK = CheckId("probe:nightly")


class Recorder:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.beats: list[tuple[CheckId, Beat]] = []

    def record(self, check: CheckId, beat: Beat) -> None:
        self.beats.append((check, beat))

    def get(self, check: CheckId) -> Beats:
        return Beats(None, next((beat for known, beat in reversed(self.beats) if known == check), None))


def call(method: str, path: str, content: bytes | AsyncIterator[bytes] = b"") -> tuple[int, list[tuple[CheckId, Beat]]]:
    recorder = Recorder()
    app = application(recorder, {"nightly-token": CHECK}, lambda: 42)

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
        ("GET", "/heartbeat/nightly-token/fail", b"", 200, Beat(42, 1)),
        ("POST", "/heartbeat/nightly-token/fail", b"disk full", 200, Beat(42, 1, "disk full")),
        ("GET", "/heartbeat/nightly-token/success", b"", 200, Beat(42)),
        ("HEAD", "/heartbeat/nightly-token/3", b"", 200, Beat(42, 3)),
        ("GET", "/heartbeat/nightly-token/256", b"", 400, None),
        ("GET", "/heartbeat/nightly-token/failed", b"", 400, None),
        ("GET", "/heartbeat/nightly/fail", b"", 404, None),
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


class Away(Recorder):
    """A store that is not there."""

    def record(self, check: CheckId, beat: Beat) -> None:
        raise StoreError("runs.db is not there", slug="store-locked", fix="mount it")


def test_a_call_while_the_store_is_away_is_to_be_repeated() -> None:
    """Neither 404 nor 500: curl --retry calls again on 503, and heeds Retry-After."""
    app = application(Away(), {"nightly-token": CHECK}, lambda: 42)

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://outrider.test") as client:
            return await client.post("/heartbeat/nightly-token", content=b"done")

    answer = asyncio.run(send())

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
