"""Questions from one process of the service to another, over a pair of sockets that outlives both.

The supervisor holds both ends, so that either process may be replaced. What a dead one left in them, half read or half
written, is recognised: a question begins with a mark, and an answer with the random number of its question.
"""

from __future__ import annotations

import pickle
import secrets
import struct
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

log = structlog.get_logger("outrider.service")

_MARK = b"\x00outrider question\x00"
_NUMBER_BYTES = 16
_WORD_BYTES = 16
_QUESTION_BYTES = len(_MARK) + _NUMBER_BYTES + _WORD_BYTES
_LENGTH = struct.Struct(">Q")
_PIECE = 1 << 16
_SEND_S = 10.0


class NoAnswer(Exception):
    """The other process did not answer in time: it is busy, or it does not run."""


class LinkClient:
    """Asks the process at the other end; may be used by any thread, one question at a time.

    Args:
        endpoint: The end of the pair that is this process's.
    """

    def __init__(self, endpoint: socket.socket) -> None:
        self._endpoint = endpoint
        self._lock = threading.Lock()

    def ask(self, word: str, within_s: float = 2.0) -> object:
        """Return the answer to a question, a word of at most sixteen letters.

        Raises:
            NoAnswer: If there is none in time.
        """
        number = secrets.token_bytes(_NUMBER_BYTES)
        until_s = time.monotonic() + within_s
        with self._lock:
            try:
                self._endpoint.settimeout(within_s)
                self._endpoint.sendall(_MARK + number + word.encode().ljust(_WORD_BYTES))
                return pickle.loads(self._answer(number, until_s))  # noqa: S301 - of a process of our own, over its pair
            except OSError as error:
                raise NoAnswer(word) from error

    def _answer(self, number: bytes, until_s: float) -> bytes:
        """Return the answer to a question of this number; what comes before it belongs to others."""
        received = bytearray()
        while (start := received.find(number)) < 0:
            del received[: -len(number)]
            self._receive(received, until_s)
        del received[: start + len(number)]
        while len(received) < _LENGTH.size:
            self._receive(received, until_s)
        (length,) = _LENGTH.unpack_from(received)
        while len(received) < _LENGTH.size + length:
            self._receive(received, until_s)
        return bytes(received[_LENGTH.size : _LENGTH.size + length])

    def _receive(self, received: bytearray, until_s: float) -> None:
        left_s = until_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._endpoint.settimeout(left_s)
        piece = self._endpoint.recv(_PIECE)
        if not piece:
            raise ConnectionError
        received += piece


def answer_link(endpoint: socket.socket, answer: Callable[[str], object]) -> threading.Thread:
    """Answer questions that come to an endpoint, in a thread that lasts until the other end is closed.

    Args:
        endpoint: The end of the pair that is this process's.
        answer: Returns the answer to a word, a value that can be pickled.
    """
    thread = threading.Thread(target=_serve, args=[endpoint, answer], name="service link", daemon=True)
    thread.start()
    return thread


def _serve(endpoint: socket.socket, answer: Callable[[str], object]) -> None:
    received = bytearray()
    while True:
        endpoint.settimeout(None)
        try:
            piece = endpoint.recv(_PIECE)
        except OSError:
            return
        if not piece:
            return
        received += piece
        for number, word in _questions(received):
            with suppress(OSError):  # who asks is gone, or stopped: the one that follows asks anew
                _reply(endpoint, number, answer, word)


def _questions(received: bytearray) -> list[tuple[bytes, str]]:
    """Take the complete questions out of what was received: their numbers and words."""
    questions = []
    while (start := received.find(_MARK)) >= 0 and len(received) - start >= _QUESTION_BYTES:
        number_at = start + len(_MARK)
        word_at = number_at + _NUMBER_BYTES
        end = word_at + _WORD_BYTES
        number, word = bytes(received[number_at:word_at]), bytes(received[word_at:end])
        questions.append((number, word.decode(errors="replace").strip()))
        del received[:end]
    return questions


def _reply(endpoint: socket.socket, number: bytes, answer: Callable[[str], object], word: str) -> None:
    try:
        payload = pickle.dumps(answer(word))
    except Exception as error:  # whoever asks goes without an answer, and the next question may succeed
        log.exception("link.unanswered", word=word, error=str(error))
        return
    endpoint.settimeout(_SEND_S)
    endpoint.sendall(number + _LENGTH.pack(len(payload)) + payload)
