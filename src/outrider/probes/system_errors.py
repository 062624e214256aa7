"""What an error of the operating system means for a probe."""

from __future__ import annotations

import errno
import socket

from outrider.probes.findings import Blame, Failure

OURS = frozenset({errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM})
"""Errors that say that this host has run out of something."""

_UNREACHED = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.ETIMEDOUT}


def explain_system(error: OSError, doing: str) -> Failure:
    """Return the failure that an error of a socket means.

    Args:
        doing: What was being done, as in "while connecting".
    """
    text = (error.strerror or str(error)) if error.errno else str(error)
    text = text[:1].lower() + text[1:]
    if error.errno in OURS:
        return Failure(Blame.PROBER, f"this host has no more of what a connection needs: {text}")
    if isinstance(error, socket.gaierror):
        return Failure(Blame.NETWORK, f"the name does not resolve: {text}")
    blame = Blame.NETWORK if error.errno in _UNREACHED else Blame.TARGET
    return Failure(blame, f"{text}, {doing}" if error.errno else text)
