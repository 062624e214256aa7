"""Kinds of errors that a test raises."""

from __future__ import annotations

from enum import StrEnum


class ErrorKind(StrEnum):
    """Kinds of errors, by who may have caused them.

    Attributes:
        ASSERTION: A failed expectation of the test.
        TIMEOUT: Playwright waited in vain.
        NAVIGATION: A page could not be opened, reloaded or left.
        NETWORK: A request that the test sent itself got no answer, or a client library calls the answer an error.
        CLOSED: The page, context or browser that a call was for is gone.
        DETACHED: The element, frame or document that a call was for went away within its page.
        AMBIGUOUS: A locator stands for several elements.
        OVERDUE: The attempt's time was up.
        SCRIPT: Anything else: the test's own code is wrong.
    """

    ASSERTION = "assertion"
    TIMEOUT = "timeout"
    NAVIGATION = "navigation"
    NETWORK = "network"
    CLOSED = "closed"
    DETACHED = "detached"
    AMBIGUOUS = "ambiguous"
    OVERDUE = "overdue"
    SCRIPT = "script"

    @property
    def is_target(self) -> bool:
        """Whether the system under test may be to blame."""
        return self in _OF_TARGET


_OF_TARGET = frozenset(
    {ErrorKind.ASSERTION, ErrorKind.TIMEOUT, ErrorKind.NAVIGATION, ErrorKind.NETWORK, ErrorKind.DETACHED}
)
