"""The kind of an error follows from its type and from where it was raised."""

from __future__ import annotations

import urllib.error

import pytest
from playwright import async_api, sync_api
from playwright.sync_api import Error

from outrider.journeys.error_classification import Overdue, error_kind
from outrider.journeys.error_kind import ErrorKind


def named(error: Error, name: str = "Error") -> Error:
    """Return an error as the driver sends it: with the name of its class there."""
    error._name = name
    return error


def closed() -> Error:
    """Return the error of a page that is gone; its class is not public."""
    kind = next(kind for kind in Error.__subclasses__() if kind.__name__ == "TargetClosedError")
    return kind("closed")


class LibraryTimeout(sync_api.TimeoutError):
    """A time-out of Playwright that a suite has derived."""


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (AssertionError("net::ERR_INTERNET_DISCONNECTED"), ErrorKind.ASSERTION),
        (AssertionError("x\nActual value: None\nError: strict mode violation: said by the test"), ErrorKind.ASSERTION),
        (pytest.fail.Exception("the basket is empty"), ErrorKind.ASSERTION),
        (Overdue("time is up"), ErrorKind.OVERDUE),
        (sync_api.TimeoutError("Locator.click: Timeout 500ms exceeded."), ErrorKind.TIMEOUT),
        (async_api.TimeoutError("Locator.click: Page crashed"), ErrorKind.TIMEOUT),
        (LibraryTimeout("x"), ErrorKind.TIMEOUT),
        (closed(), ErrorKind.CLOSED),
        (named(Error("Page.goto: net::ERR_CONNECTION_REFUSED at http://x/")), ErrorKind.NAVIGATION),
        (named(Error("Frame.goto: NS_ERROR_CONNECTION_REFUSED")), ErrorKind.NAVIGATION),
        (named(Error("Page.reload: net::ERR_EMPTY_RESPONSE at http://x/")), ErrorKind.NAVIGATION),
        (named(Error("Page.goto: Protocol error (Page.navigate): Cannot navigate to invalid URL")), ErrorKind.SCRIPT),
        (named(Error("Page.goto: net::ERR_UNKNOWN_URL_SCHEME at htp://x/")), ErrorKind.SCRIPT),
        (Error("Page.goto: wait_until: expected one of (load|commit)"), ErrorKind.SCRIPT),
        (named(Error("Page.evaluate: Error: Page.goto: net::ERR_FAILED at http://x/")), ErrorKind.SCRIPT),
        (named(Error("Page.click: Error: strict mode violation: h1 resolved to 2 elements")), ErrorKind.AMBIGUOUS),
        (named(Error("Page.evaluate: TypeError: strict mode violation: h1")), ErrorKind.SCRIPT),
        (named(Error("ElementHandle.click: Element is not attached to the DOM\nCall log:")), ErrorKind.DETACHED),
        (named(Error("Locator.click: Frame was detached\nCall log:")), ErrorKind.DETACHED),
        (
            named(Error("Page.evaluate: Execution context was destroyed, most likely because of a navigation.")),
            ErrorKind.DETACHED,
        ),
        (named(Error("Page.evaluate: Error: Frame was detached\n    at eval")), ErrorKind.SCRIPT),
        (named(Error("Page.evaluate: Frame was detached, says the page")), ErrorKind.SCRIPT),
        (named(Error("APIRequestContext.get: connect ECONNREFUSED 127.0.0.1:9")), ErrorKind.NETWORK),
        (named(Error("APIRequestContext.get: Invalid URL"), "TypeError"), ErrorKind.SCRIPT),
        (Error("no call at all"), ErrorKind.SCRIPT),
        (ConnectionResetError("by peer"), ErrorKind.NETWORK),
        (sync_api.Error("Page crashed"), ErrorKind.SCRIPT),
        (urllib.error.URLError("refused"), ErrorKind.NETWORK),
        (KeyError("NOPE"), ErrorKind.SCRIPT),
        (RuntimeError("Page crashed"), ErrorKind.SCRIPT),
        (ExceptionGroup("g", [AssertionError("a"), AssertionError("b")]), ErrorKind.ASSERTION),
        (ExceptionGroup("g", [AssertionError("a"), KeyError("b")]), ErrorKind.SCRIPT),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_error_is_of_the_kind_of_its_type_and_call(error: BaseException, kind: ErrorKind) -> None:
    """What stands behind the name of the call may be a page's."""
    given = error

    seen = error_kind(given)

    assert seen == kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("requests.exceptions.HTTPError", ErrorKind.NETWORK),
        ("requests.exceptions.MissingSchema", ErrorKind.SCRIPT),
        ("httpx._exceptions.ConnectError", ErrorKind.SCRIPT),
        ("httpx.HTTPStatusError", ErrorKind.NETWORK),
        ("aiohttp.client_exceptions.ClientConnectionError", ErrorKind.NETWORK),
        ("builtins_of_ours.TimeoutError", ErrorKind.SCRIPT),
    ],
)
def test_the_errors_of_client_libraries_are_known_by_name(name: str, kind: ErrorKind) -> None:
    """None of the libraries need be installed here; a class of a suite's own with such a name is none of theirs."""
    module, _, qualified = name.rpartition(".")
    made = type(qualified, (Exception,), {"__module__": module})

    seen = error_kind(made("no answer"))

    assert seen == kind


@pytest.mark.parametrize("kind", ErrorKind)
def test_only_what_the_target_can_cause_is_its_own(kind: ErrorKind) -> None:
    """Everything else is the script's, or ours."""
    target = {
        ErrorKind.ASSERTION, ErrorKind.TIMEOUT, ErrorKind.NAVIGATION, ErrorKind.NETWORK, ErrorKind.DETACHED,
    }  # fmt: skip

    answer = kind.is_target

    assert answer == (kind in target)
