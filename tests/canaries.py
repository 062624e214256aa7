"""Canaries: secrets in every form, and where they are searched for."""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import quopri
import re
import sqlite3
import zipfile
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECRET = "Zebra-cäñary/7+\"quoted\" & 'more'=<x>"
TOKEN = "undeclared4711"


def base64_at(offset: int, encode: Callable[[bytes], bytes] = base64.b64encode) -> Callable[[str], str]:
    return lambda secret: encode(b"x" * offset + secret.encode() + b"yz").decode()


FORMS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "url": lambda secret: quote(secret, safe=""),
    "url, twice": lambda secret: quote(quote(secret, safe=""), safe=""),
    "url, every byte": lambda secret: "".join(f"%{byte:02X}" for byte in secret.encode()),
    "base64": base64_at(0),
    "base64, one byte later": base64_at(1),
    "base64 for urls, two bytes later": base64_at(2, base64.urlsafe_b64encode),
    "hex": lambda secret: secret.encode().hex(),
    "html": html.escape,
    "html, every character": lambda secret: "".join(f"&#{ord(character)};" for character in secret),
    "json": lambda secret: json.dumps(secret)[1:-1],
    "json in json": lambda secret: json.dumps(json.dumps(secret))[1:-1],
    "unicode escapes": lambda secret: re.sub("(....)", r"\\u\1", secret.encode("utf-16-be").hex()),
    "bytes as Python prints them": lambda secret: repr(secret.encode()),
    "quoted-printable": lambda secret: quopri.encodestring(secret.encode(), quotetabs=True).decode(),
}
"""Raw, and fourteen encodings; UTF-16 is one of bytes, and stands in every file beside them."""

UNDECLARED = {
    "user of a url": f"https://ada:{TOKEN}@shop.test/pay",
    "query": f"https://shop.test/?access_token={TOKEN}&x=1",
    "header": f"Authorization: Bearer {TOKEN}",
    "cookie": f"Cookie: sid={TOKEN}; theme=dark",
    "body": json.dumps({"user": "ada", "password": TOKEN}),
    "body in json": json.dumps(json.dumps({"api_key": TOKEN})),
}


def unpacked(data: bytes) -> Iterator[bytes]:
    """Yield what data holds, with whatever is compressed in it."""
    yield data
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield from unpacked(archive.read(name))
    elif data[:2] == b"\x1f\x8b":
        yield from unpacked(gzip.decompress(data))
    elif data[:1] == b"\x78":
        with suppress(zlib.error):  # a digest may begin like that, too
            yield from unpacked(zlib.decompress(data))


def stored(folder: Path) -> Iterator[bytes]:
    """Yield everything below a folder, and every value of every database in it."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield from unpacked(path.read_bytes())
    with sqlite3.connect(folder / "outrider.db") as database:
        tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            for row in database.execute(f'select * from "{table}"'):
                for value in row:
                    yield from unpacked(value) if isinstance(value, bytes) else [str(value).encode()]


def spellings(text: str) -> set[bytes]:
    """Return how a text may stand in a document: as it is, and escaped once more as JSON or HTML."""
    return {text.encode(), json.dumps(text)[1:-1].encode(), html.escape(text).encode()}
