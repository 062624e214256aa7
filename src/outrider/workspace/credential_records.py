"""Credentials in the records of HARs and traces, by their structure: cookies, headers, posted forms, stored states.

No secret is declared with their values, so no mask knows them. What stays says that they were sent.
"""

from __future__ import annotations

import json
from typing import Any

HIDDEN = "***"
_HEADERS = frozenset(
    {
        "api-key", "authentication", "authorization", "cookie", "proxy-authorization", "set-cookie", "x-api-key",
        "x-auth-token", "x-access-token", "x-amz-security-token", "x-csrf-token", "x-xsrf-token",
    }
)  # fmt: skip
_WHOLE = frozenset({"clientCertificates", "httpCredentials", "storageState"})
_SIGNS = (b"auth", b"cookie", b"-key", b"-token", b"postdata", b"httpcredentials", b"clientcert", b"storagestate")
"""What stands in every record that has something to hide, in lower case."""


def hide_in_records(data: bytes, *, is_whole: bool = False) -> bytes:
    """Return a HAR, or the lines of a trace, without credentials, and the very same object if there are none.

    A line that is no JSON is the end of a killed test, which nobody can read, and is left out.

    Args:
        data: JSON, or a line of JSON each record.
        is_whole: Whether it is one document, which may have several lines.
    """
    lines = _lines_with_signs(data)
    if not lines:
        return data
    if is_whole:
        return _without(data)
    pieces: list[bytes] = []
    done = 0
    for start, end in sorted(lines):
        line = data[start:end]
        if (hidden := _without(line)) is not line:
            pieces += [data[done:start], hidden]
            done = end
    return b"".join([*pieces, data[done:]]) if pieces else data


def _lines_with_signs(data: bytes) -> set[tuple[int, int]]:
    """Return where each line that may have something to hide begins and ends."""
    lowered = data.lower()
    lines = set()
    for sign in _SIGNS:
        at = lowered.find(sign)
        while at >= 0:
            start = data.rfind(b"\n", 0, at) + 1
            end = data.find(b"\n", at) + 1 or len(data)
            lines.add((start, end))
            at = lowered.find(sign, end)
    return lines


def without_credentials(value: Any) -> Any:
    """Return a copy of parsed JSON without the values of credentials."""
    if isinstance(value, list):
        return [without_credentials(item) for item in value]
    if not isinstance(value, dict):
        return value
    named = str(value.get("name", "")).lower() in _HEADERS
    return {key: HIDDEN if (named and key == "value") else _entry(key, inner) for key, inner in value.items()}


def _entry(key: str, value: Any) -> Any:
    if key in _WHOLE and value:
        return HIDDEN
    if key.lower() in _HEADERS and isinstance(value, str):
        return HIDDEN
    if key in {"cookies", "params"} and isinstance(value, list):
        return [{**item, "value": HIDDEN} if isinstance(item, dict) and "value" in item else item for item in value]
    if key == "postData" and isinstance(value, dict) and value.get("text"):
        return {**without_credentials(value), "text": HIDDEN}
    return without_credentials(value)


def _without(line: bytes) -> bytes:
    try:
        before = json.loads(line)
    except ValueError:
        return b""  # the end of a killed test, which nobody can read
    after = without_credentials(before)
    return line if after == before else json.dumps(after, ensure_ascii=False).encode(errors="backslashreplace") + b"\n"
