"""Addresses and headers of what Outrider sends to: passwords are named, never written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.workspace.tables import Refused, as_text, check_url

if TYPE_CHECKING:
    from collections.abc import Collection

    from outrider.workspace.tables import Table


def read_secret_headers(table: Table, secrets: Collection[str]) -> dict[str, str]:
    """Return the name of a secret by the name of the header that has its value; problems are reported by the table."""
    headers = {name: table.read(name, as_text, "") for name in table.data}
    for name, secret in headers.items():
        if secret and secret not in secrets:
            fix = f'add {secret} = {{env = "{secret}"}} below [secrets]'
            table.report(name, "is not the name of a secret of this workspace", fix, "unknown-secret")
    return headers


def as_bare_url(value: object) -> str:
    """Accept an absolute URL of HTTP without a password."""
    url = as_text(value)
    check_url(url)
    if "@" in url.partition("//")[2].partition("/")[0]:
        raise Refused("holds a password", "send it as a header, by the name of a secret", "bad-url")
    return url
