"""The routes that jobs call, by GET, HEAD or POST, with the beginning of a body as a note.

    /heartbeat/TOKEN[/ACTION]   /ping/TOKEN[/ACTION]   /ping/KEY/NAME[/ACTION]

An action is `start`, `success`, `fail`, `log` or an exit code from 0 to 255; without one the job has ended well, or
with `?exit=CODE`, `?status=down` (as Uptime Kuma is called) or `?success=false` (as Gatus is). `?rid=` tells runs of a
job apart that overlap. So jobs that were written for healthchecks.io (https://healthchecks.io/docs/http_api/) call here
as well.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from outrider.model import Beat, CallKind, OutriderError, StoreError
from outrider.workspace import gated

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from outrider.model import CheckId, HeartbeatKeys, HeartbeatLog

log = structlog.get_logger("outrider.heartbeats")

MOST_NOTE_BYTES = 10_000
_READ_BYTES = 2 * MOST_NOTE_BYTES
_NOTE_CHARACTERS = 1_900  # with the mark of a cut, less than the store keeps
_LARGEST_CODE = 255
_RETRY_S = 10
_KEEP_S = 5.0  # a locked store may take half a minute, and callers wait ten seconds
_END_CODES = {"success": 0, "fail": 1}
_WORDS = {"up": "success", "true": "success", "down": "fail", "false": "fail"}
_KINDS = {"start": CallKind.START, "log": CallKind.LOG}
_RUN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NO_ACTION = f"the call ends with start, success, fail, log or an exit code from 0 to {_LARGEST_CODE}\n"


class HeartbeatCalls:
    """Stores each call before it is answered; what cannot be stored now is to be called again.

    Args:
        heartbeats: Where calls are kept.
        keys: Of the heartbeats; None while they are not known yet.
        now_us: The time, microseconds UTC.
        check_of_token: Returns the check that a token of the store is for; may raise StoreError.
        keep_s: How long the store may take; a call that takes longer is kept if it can be, and is to be made again.
    """

    def __init__(
        self,
        heartbeats: HeartbeatLog,
        keys: HeartbeatKeys | None,
        now_us: Callable[[], int],
        check_of_token: Callable[[str], CheckId | None] = lambda _: None,
        *,
        keep_s: float = _KEEP_S,
    ) -> None:
        self._keep_s = keep_s
        self._under_way: set[asyncio.Task[None]] = set()
        self._heartbeats = heartbeats
        self._check_of_token = check_of_token
        self._now_us = now_us
        self._is_complete = keys is not None and keys.is_complete
        # Looked up by digest, so that the time of an answer tells nothing about how much of a guess was right.
        self._checks = {_digest(key): check for key, check in keys.by_key.items()} if keys is not None else {}

    async def answer(self, request: Request) -> Response:
        """Answer a call."""
        key, rest = request.path_params["key"], request.path_params.get("rest", "")
        addressed = self._addressed(key, rest)
        if addressed is None:
            try:
                check = await run_in_threadpool(self._check_of_token, key)
            except StoreError as error:
                log.warning("heartbeat.not-kept", why=error.what)
                return _later("the store is not there: call again\n")
            addressed = None if check is None else (check, rest)
        if addressed is None:
            if not self._is_complete:
                return _later("the heartbeats of this workspace are not all known now: call again\n")
            return PlainTextResponse("no heartbeat has this address\n", 404)
        check, action = addressed
        call = _meaning(action, request)
        if isinstance(call, str):
            return PlainTextResponse(call, 400)
        kind, code, run = call
        try:
            words = request.query_params.get("msg") or request.query_params.get("error") or ""
            body = await _beginning(request) or words.encode("utf-8", "replace")[:_READ_BYTES]
            note = await run_in_threadpool(_note, body)
            beat = Beat(self._now_us(), code, note, kind, run)
            await self._record(check, beat)
        except Exception as error:  # whatever it is, the job is to call again, and a failure of it is not to be lost
            why = error.what if isinstance(error, OutriderError) else f"{type(error).__name__}: {error}"
            log.warning("heartbeat.not-kept", check=check, why=why)
            return _later("the store is not there: call again\n")
        return PlainTextResponse("noted\n")

    async def _record(self, check: CheckId, beat: Beat) -> None:
        """Store a call.

        Raises:
            TimeoutError: If the store takes too long; it goes on meanwhile.
        """
        task = asyncio.ensure_future(run_in_threadpool(self._heartbeats.record, check, beat))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        done, _ = await asyncio.wait({task}, timeout=self._keep_s)
        if not done:
            task.add_done_callback(lambda late: late.cancelled() or late.exception())  # nobody waits for it any more
            raise TimeoutError(f"the store took longer than {self._keep_s:g} s")
        await task

    def _addressed(self, key: str, rest: str) -> tuple[CheckId, str] | None:
        """Return the check that a path names, and what follows in it."""
        if (check := self._checks.get(_digest(key))) is not None:
            return check, rest
        name, _, action = rest.partition("/")
        check = self._checks.get(_digest(f"{key}/{name}"))
        return None if check is None else (check, action)


def heartbeat_routes(calls: HeartbeatCalls) -> list[Route]:
    """Return the routes."""
    paths = ("/heartbeat/{key}", "/heartbeat/{key}/{rest:path}", "/ping/{key}", "/ping/{key}/{rest:path}")
    return [Route(path, calls.answer, methods=["GET", "POST"]) for path in paths]


def _later(why: str) -> Response:
    return PlainTextResponse(why, 503, headers={"Retry-After": str(_RETRY_S)})


def _digest(key: str) -> bytes:
    return sha256(key.encode("utf-8", "surrogatepass")).digest()


def _meaning(action: str, request: Request) -> tuple[CallKind, int, str] | str:
    """Return what a call says, its exit code and its run; or what is wrong with it."""
    run = request.query_params.get("rid", "")
    if run and not _RUN.fullmatch(run):
        return "rid is not a UUID\n"
    if action in _KINDS:
        return _KINDS[action], 0, run
    code = _exit_code(action or _queried(request))
    return _NO_ACTION if code is None else (CallKind.END, code, run)


def _queried(request: Request) -> str:
    """Return how a job has ended: what it says in the query, or nothing if that is no known word, or well."""
    query = request.query_params
    if "exit" in query:
        return query["exit"]
    ends = {_WORDS.get(query[name].lower(), "") for name in ("status", "success") if query.get(name)}
    return "fail" if "fail" in ends else min(ends, default="success")


def _exit_code(text: str) -> int | None:
    if text in _END_CODES:
        return _END_CODES[text]
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= _LARGEST_CODE else None


def _note(body: bytes) -> str:
    """Return what is kept of a body, without secrets; the store says where it cuts one that was read whole.

    Of a body that goes on, MOST_NOTE_BYTES at its end are left out: a secret may be cut in two there.
    """
    note = gated(body.decode("utf-8", "replace").strip())
    if len(body) < _READ_BYTES:
        return note
    return (
        f"{note[: min(_NOTE_CHARACTERS, max(0, len(note) - MOST_NOTE_BYTES))]}… [cut: more than {_READ_BYTES:,} bytes]"
    )


async def _beginning(request: Request) -> bytes:
    """Return the first bytes of a body, one more than are kept, and read no further: a job may send its whole log.

    A body that breaks off is kept as far as it came: the address has said what happened, and the job may be dead.
    """
    body = b""
    with suppress(ClientDisconnect):
        async for chunk in request.stream():
            body += chunk
            if len(body) >= _READ_BYTES:
                break
    return body[:_READ_BYTES]
