"""Values that people type: durations, moments, addresses."""

from __future__ import annotations

from datetime import UTC, datetime

from outrider.workspace import Refused, check_url, parse_duration, split_address

_MASTER_PORT = 5557


def duration_s(text: str) -> float:
    """Return the seconds of a duration such as "30s" or "5m".

    Raises:
        ValueError: If it is none; the message says what to write.
    """
    try:
        return parse_duration(text)
    except ValueError:
        message = f'{text} is not a duration: write a number and a unit, such as "30s" or "5m"'
        raise ValueError(message) from None


def moment_us(text: str) -> int:
    """Return the microseconds UTC of an ISO 8601 time; without a zone it is UTC.

    Raises:
        ValueError: If it is none; the message says what to write.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"{error}; write 2026-03-01T14:00:00+00:00"
        raise ValueError(message) from None
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1_000_000)


def master_address(text: str) -> tuple[str, int]:
    """Return host and port of a Locust master; its usual port if none is given.

    Raises:
        ValueError: If it is no address; the message says what to write.
    """
    try:
        return split_address(text if ":" in text else f"{text}:{_MASTER_PORT}")
    except Refused as refused:
        message = f"{text} {refused.what}: {refused.fix}"
        raise ValueError(message) from None


def web_address(text: str) -> str:
    """Return an http or https address as it is.

    Raises:
        ValueError: If it is none; the message says what to write.
    """
    try:
        check_url(text)
    except Refused as refused:
        message = f"{text} {refused.what}: {refused.fix}"
        raise ValueError(message) from None
    return text
