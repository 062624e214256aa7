"""Parts that the http probes of all monitors have: credentials, headers, addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

from outrider.probes.converters.conversion import literal, secret_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.probes.converters.conversion import Source

_SECRET_HEADERS = ("authorization", "cookie", "key", "token", "secret", "password")


def placeholder(source: Source, name: str, key: str, what: str, otherwise: str = "") -> str:
    """Return what stands for a secret, and note that it is not copied; `otherwise` stands there until it is set."""
    variable = secret_name(name, what)
    source.leave_secret(key, f"is a secret and is not copied: name {variable} below [secrets], and set it")
    return f"${{{variable}:-{otherwise}}}"


def put_headers(table: dict[str, object], source: Source, headers: Mapping[str, str], *, name: str, key: str) -> None:
    """Add headers, the values of those that hold credentials left out; a variable is kept."""
    sound: dict[str, str] = {}
    for header, value in headers.items():
        is_secret = header.lower().endswith(_SECRET_HEADERS) and not value.startswith("${")
        sound[header] = placeholder(source, name, f"{key}.{header}", header) if is_secret else value
    if sound:
        table["headers"] = sound


def put_url(table: dict[str, object], source: Source, url: str, name: str) -> None:
    """Add an address; a user in it becomes one of the probe, whose password is not copied."""
    try:
        parts = urlsplit(url)
    except ValueError:  # whoever reads the probe says what is wrong with it
        parts = urlsplit("")
    if "@" not in parts.netloc:
        table["url"] = url
        return
    user, _, host = parts.netloc.rpartition("@")
    table["url"] = urlunsplit(parts._replace(netloc=host))
    put_user(table, source, unquote(user.partition(":")[0]), name=name, key="url")


def put_user(table: dict[str, object], source: Source, user: str, *, name: str, key: str) -> None:
    """Add a user, whose password is not copied."""
    table["auth"] = {"user": literal(user), "password": placeholder(source, name, key, "password")}


def split_host(address: str, port: int | None = None) -> str:
    """Return "host:port", with brackets around an address of IPv6."""
    text = address.strip()
    if port is not None:
        host = text.strip("[]")
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return text
