"""The failure that an error of the operating system means."""

from __future__ import annotations

import errno
import os
import socket

from outrider.probes.probe_result import Blame, Failure

OURS = frozenset({errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM})
"""Errors that say that this host has run out of something."""

_MARGIN = 16
_UNREACHED = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.ETIMEDOUT}


def lacks_descriptors() -> bool:
    """Return whether this process is about to have no more file descriptors; a failed call has just freed its own."""
    opened: list[int] = []
    try:
        opened.extend(os.open(os.devnull, os.O_RDONLY) for _ in range(_MARGIN))
    except OSError as error:
        return error.errno in OURS
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return False


def start_failure(what: str, error: OSError | ValueError) -> Failure:
    """Return whose fault it is that a program does not start: that of this host if it has run out of something."""
    number = error.errno if isinstance(error, OSError) else None
    why = (os.strerror(number) if number else str(error)).lower()
    is_ours = number in OURS or number == errno.EAGAIN or lacks_descriptors()
    return Failure(Blame.PROBER if is_ours else Blame.SETUP, f"cannot start {what}: {why}")


def explain_system(error: OSError, doing: str) -> Failure:
    """Return the failure that an error of a socket means.

    Args:
        doing: What was being done, as in "while connecting".
    """
    number = max(0, error.errno or 0)  # those of name lookups are negative
    text = os.strerror(number) if number else error.strerror or str(error)
    text = text[:1].lower() + text[1:]
    if error.errno in OURS:
        return Failure(Blame.PROBER, f"this host has no more of what a connection needs: {text}")
    if isinstance(error, socket.gaierror) and lacks_descriptors():
        return Failure(Blame.PROBER, f"this process has no more file descriptors: {text}")
    if isinstance(error, socket.gaierror):
        return Failure(Blame.NETWORK, f"the name does not resolve: {text}")
    if error.errno == errno.EMSGSIZE:
        return Failure(Blame.SETUP, f"{text}: no datagram is so large")
    blame = Blame.NETWORK if error.errno in _UNREACHED else Blame.TARGET
    return Failure(blame, f"{text}, {doing}" if number else text)
