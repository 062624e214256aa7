"""What kind of error a test has raised: decided by its type and by where it was raised, never by text of a page.

Playwright puts the name of the call before the text of its errors ("Page.goto: …"): that is Playwright's own, and what
comes behind may quote the page.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright import async_api, sync_api

from outrider.journeys.error_kind import ErrorKind

if TYPE_CHECKING:
    from types import TracebackType


class Overdue(pytest.fail.Exception):  # type: ignore[name-defined,misc] # pytest builds the class at run time
    """The attempt's time is up; derived from pytest's own so that `except Exception` does not swallow it."""


_CALL = re.compile(r"(\w+)\.(\w+): (?:Error: )?")
_NAVIGATIONS = frozenset(
    {
        "goto", "reload", "go_back", "go_forward", "wait_for_url", "wait_for_load_state", "expect_navigation",
        "set_content",
    }
)  # fmt: skip
_SCRIPT_CODES = re.compile(r"(net::ERR_(UNKNOWN_URL_SCHEME|INVALID_URL|DISALLOWED_URL_SCHEME)|Protocol error)\b")
_REFUSED_REQUESTS = re.compile(r"(Invalid URL|Protocol \"|Only absolute URLs)")
# The driver's own messages, whole: what a page throws comes with the name of its class before it.
_DETACHMENTS = re.compile(
    r"(Element is not attached to the DOM|Frame (was|has been) detached\.?|Navigating frame was detached!?"
    r"|Execution context was destroyed, most likely because of a navigation\.?)(\n|$)"
)
# An expectation that found several elements has no actual value; text of a page would stand in place of "None".
_AMBIGUOUS_EXPECTATION = re.compile(r"[^\n]*\nActual value: None\nError: strict mode violation: ")
_NETWORK_ERRORS = frozenset(
    {
        "builtins.ConnectionError", "builtins.TimeoutError", "socket.gaierror", "ssl.SSLError",
        "urllib.error.URLError", "http.client.RemoteDisconnected", "http.client.IncompleteRead",
        "urllib3.exceptions.ProtocolError", "urllib3.exceptions.TimeoutError", "urllib3.exceptions.MaxRetryError",
        "requests.exceptions.ConnectionError", "requests.exceptions.Timeout", "requests.exceptions.HTTPError",
        "requests.exceptions.ChunkedEncodingError", "requests.exceptions.TooManyRedirects",
        "httpx.NetworkError", "httpx.TimeoutException", "httpx.RemoteProtocolError", "httpx.HTTPStatusError",
        "httpx.TooManyRedirects",
        "aiohttp.client_exceptions.ClientConnectionError", "aiohttp.client_exceptions.ClientResponseError",
        "aiohttp.client_exceptions.ClientPayloadError",
    }
)  # fmt: skip


def error_kind(error: BaseException) -> ErrorKind:
    """Return the kind of what a test raised; in a group of errors, one of the test's own code decides."""
    if isinstance(error, BaseExceptionGroup):
        kinds = [error_kind(member) for member in error.exceptions]
        return ErrorKind.SCRIPT if ErrorKind.SCRIPT in kinds else kinds[0]
    if isinstance(error, Overdue):
        return ErrorKind.OVERDUE
    if isinstance(error, AssertionError):
        is_ambiguous = is_raised_by_playwright(error) and _AMBIGUOUS_EXPECTATION.match(str(error))
        return ErrorKind.AMBIGUOUS if is_ambiguous else ErrorKind.ASSERTION
    if isinstance(error, pytest.fail.Exception):
        return ErrorKind.ASSERTION
    if isinstance(error, sync_api.Error | async_api.Error):
        return _playwright_kind(error)
    return ErrorKind.NETWORK if _names(type(error)) & _NETWORK_ERRORS else ErrorKind.SCRIPT


def _playwright_kind(error: Exception) -> ErrorKind:
    if isinstance(error, sync_api.TimeoutError | async_api.TimeoutError):
        return ErrorKind.TIMEOUT
    return ErrorKind.CLOSED if type(error).__name__ == "TargetClosedError" else _kind_by_call(error)


def _kind_by_call(error: Exception) -> ErrorKind:
    text = str(error)
    call = _CALL.match(text)
    if call is None:
        return ErrorKind.SCRIPT
    owner, method, rest = call[1], call[2], text[call.end() :]
    if rest.startswith("strict mode violation: "):
        return ErrorKind.AMBIGUOUS
    if owner in {"Page", "Frame"} and method in _NAVIGATIONS and _is_from_server(error):
        return ErrorKind.SCRIPT if _SCRIPT_CODES.match(rest) else ErrorKind.NAVIGATION
    if _is_from_server(error) and _DETACHMENTS.match(rest) and not call[0].endswith(" Error: "):
        return ErrorKind.DETACHED
    if owner == "APIRequestContext" and _is_from_server(error):
        return ErrorKind.SCRIPT if _REFUSED_REQUESTS.match(rest) else ErrorKind.NETWORK
    return ErrorKind.SCRIPT


def _is_from_server(error: Exception) -> bool:
    """Whether the driver raised the error; what the Python client raises, such as for a wrong argument, has no name."""
    return bool(getattr(error, "name", "Error"))


def is_raised_by_playwright(error: BaseException) -> bool:
    """Whether Playwright's own `expect` raised the error, and not a test that repeats a text."""
    traceback: TracebackType | None = error.__traceback__
    module = ""
    while traceback is not None:
        module = str(traceback.tb_frame.f_globals.get("__name__", ""))
        traceback = traceback.tb_next
    return module.startswith("playwright.")


def _names(kind: type) -> set[str]:
    """Return the qualified names of a class and its bases, those of httpx and its like as users import them."""
    names = {f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__}
    return names | {f"{base.__module__.partition('.')[0]}.{base.__qualname__}" for base in kind.__mro__}
