"""Takes out of HARs and traces what would let a reader act as the user: cookies, credentials, posted forms.

Their values are nobody's secret by name, so no mask knows them. What stays says that they were sent.
"""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

HIDDEN = "***"
_HEADERS = frozenset(
    {
        "api-key", "authentication", "authorization", "cookie", "proxy-authorization", "set-cookie", "x-api-key",
        "x-auth-token", "x-access-token", "x-amz-security-token", "x-csrf-token", "x-xsrf-token",
    }
)  # fmt: skip
_WHOLE = frozenset({"clientCertificates", "httpCredentials", "storageState"})
_SIGNS = re.compile(
    rb"auth|cookie|(?:api-|access-|csrf-|xsrf-|security-)(?:key|token)|postData|httpCredentials|clientCert|storageState",
    re.IGNORECASE,
)


def scrub(path: Path) -> None:
    """Hide credentials in a HAR or a trace, in place; any other file is left as it is.

    Raises:
        zipfile.BadZipFile: If a trace cannot be read.
    """
    if path.suffix == ".har":
        data = path.read_bytes()
        if (cleaned := _scrubbed_lines(data)) != data:
            path.write_bytes(cleaned)
    elif path.suffix == ".zip":
        _scrub_archive(path)


def without_credentials(value: Any) -> Any:
    """Return a copy of parsed JSON without the values of credentials."""
    if isinstance(value, list):
        return [without_credentials(item) for item in value]
    if not isinstance(value, dict):
        return value
    named = str(value.get("name", "")).lower() in _HEADERS
    return {key: HIDDEN if (named and key == "value") else _without(key, inner) for key, inner in value.items()}


def _without(key: str, value: Any) -> Any:
    if key in _WHOLE and value:
        return HIDDEN
    if key.lower() in _HEADERS and isinstance(value, str):
        return HIDDEN
    if key in {"cookies", "params"} and isinstance(value, list):
        return [{**item, "value": HIDDEN} if isinstance(item, dict) and "value" in item else item for item in value]
    if key == "postData" and isinstance(value, dict) and value.get("text"):
        return {**without_credentials(value), "text": HIDDEN}
    return without_credentials(value)


def _scrubbed_lines(data: bytes) -> bytes:
    return b"".join(_scrubbed_line(line) if _SIGNS.search(line) else line for line in data.splitlines(keepends=True))


def _scrubbed_line(line: bytes) -> bytes:
    try:
        before = json.loads(line)
    except ValueError:
        return b""  # the end of a killed test, which nobody can read
    after = without_credentials(before)
    return line if after == before else json.dumps(after, ensure_ascii=False).encode() + b"\n"


def _scrub_archive(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        records = [name for name in archive.namelist() if name.endswith((".trace", ".network"))]
        cleaned = {name: _scrubbed_lines(data) for name in records if _SIGNS.search(data := archive.read(name))}
        if not cleaned:
            return
        fresh = path.with_suffix(".fresh")
        with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as target:
            for entry in archive.infolist():
                if entry.filename in cleaned:
                    target.writestr(entry, cleaned[entry.filename], zipfile.ZIP_DEFLATED)
                    continue
                with archive.open(entry) as source, target.open(entry, "w") as copy:
                    shutil.copyfileobj(source, copy)
    fresh.replace(path)
