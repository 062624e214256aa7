"""Redaction of files whose form must survive: JSON, lines of JSON, and zip files such as Playwright's traces."""

from __future__ import annotations

import json
import os
import re
import shutil
import zlib
from collections.abc import Callable
from contextlib import contextmanager
from copy import copy
from tempfile import mkstemp
from typing import IO, TYPE_CHECKING, Final

from outrider.model import OutriderError, Place
from outrider.workspace.credential_records import hide_in_records
from outrider.workspace.credential_text import hide_in_data

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from zipfile import ZipFile, ZipInfo

    from outrider.workspace.mask import Mask

_IN_MEMORY_BYTES: Final = 32 << 20
_ZIP_MAGIC: Final = b"PK\x03\x04"
_MAGIC_BYTES: Final = 8192
_COMPRESSIBLE: Final = 0.9
_RECORDS: Final = (".har", ".trace", ".network")
_STRING = r'"(?:[^"\\]++|\\.)*+"'
_NUMBER = r"-?[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?"
_TOKEN = re.compile(f"{_STRING}|{_NUMBER}")
_WHOLE_TOKENS = re.compile(rf'(?:[^"0-9-]++|{_STRING}|{_NUMBER}(?=[\s,\]}}]))*+')


def mask_document(data: bytes, mask: Mask) -> bytes:
    """Return `data` without secrets as `Mask.data` would, but JSON, or lines of JSON, as valid as it was before."""
    masked = mask.data(data)
    if masked is data:
        return data
    as_json = mask_json(data, mask)
    return data if as_json == data else as_json or masked


def mask_json(data: bytes, mask: Mask) -> bytes | None:
    """Return JSON, or lines of JSON, masked token by token so that it stays valid; None if `data` is neither.

    A number that is a secret becomes the text "***". Lines that are broken, such as the last one of a run that was
    killed, are masked as plain text.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    if _is_json(text):
        return _mask_tokens(text, mask).encode()
    lines = text.split("\n")
    first = next((line for line in lines if line.strip()), "")
    if not (first.lstrip().startswith(("{", "[")) and _is_json(first)):
        return None
    return "\n".join(_mask_line(line, mask) for line in lines).encode()


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _mask_line(line: str, mask: Mask) -> str:
    masked = mask.text(line)
    return masked if masked is line or not _is_json(line) else _mask_tokens(line, mask)


def _mask_tokens(text: str, mask: Mask) -> str:
    """Mask the tokens that an occurrence of a secret touches; tokens before it are skipped as a whole."""
    pieces: list[str] = []
    done = 0
    for start, end in mask.find(text):
        before = _WHOLE_TOKENS.match(text, done, max(start, done))
        assert before is not None
        token = _TOKEN.search(text, before.end())
        while token and token.start() < end:
            pieces += [text[done : token.start()], _mask_token(token[0], mask)]
            done = token.end()
            token = _TOKEN.search(text, done)
    return "".join([*pieces, text[done:]])


def _mask_token(token: str, mask: Mask) -> str:
    if not token.startswith('"'):
        return '"***"' if mask.number(token) else token
    value = json.loads(token, strict=False)
    hidden = mask.text(value)
    return token if hidden is value else json.dumps(hidden)


def redact_document(data: bytes, name: str, mask: Mask) -> bytes:
    """Return a document without secrets and credentials, as valid as it was; the very same object if there are none.

    Args:
        data: Its content.
        name: Of its file, whose ending tells the records of HARs and traces.
        mask: Of the secrets.
    """
    if name.endswith(_RECORDS):
        data = hide_in_records(data, is_whole=name.endswith(".har"))
    if b"\0" not in data[:_MAGIC_BYTES]:  # pictures, videos and fonts hold no readable credentials
        data = hide_in_data(data)
    return mask_document(data, mask)


def redact_file(path: Path, mask: Mask) -> bool:
    """Hide the secrets and credentials in a file, in place and by its kind; return whether there were any.

    The file is replaced as a whole or, if nothing matches, not touched.

    Raises:
        OutriderError: If it is an archive that cannot be read, and so not be redacted.
    """
    with path.open("rb") as file:
        is_archive = file.read(len(_ZIP_MAGIC)) == _ZIP_MAGIC
    if is_archive:
        return redact_archive(path, mask)
    if path.stat().st_size > _IN_MEMORY_BYTES and path.suffix not in _RECORDS:
        return _mask_big_file(path, mask)
    data = path.read_bytes()
    redacted = redact_document(data, path.name, mask)
    if redacted is data:
        return False
    with _replacement(path) as target:
        target.write(redacted)
    return True


def _mask_big_file(path: Path, mask: Mask) -> bool:
    with path.open("rb") as reader, open(os.devnull, "wb") as nowhere:  # noqa: PTH123  a device, not a file
        if not mask.stream(reader, nowhere):
            return False
    with path.open("rb") as reader, _replacement(path) as target:
        return mask.stream(reader, target)


def redact_archive(path: Path, mask: Mask) -> bool:
    """Redact every entry of a zip file, each read once, as `redact_file` does; names of entries stay."""
    from zipfile import BadZipFile, ZipFile  # noqa: PLC0415  costs start-up, and few runs need it

    try:
        with ZipFile(path) as source:
            changed = {info.filename: data for info in source.infolist() if (data := _redacted(source, info, mask))}
            if not changed:
                return False
            with _replacement(path) as file, ZipFile(file, "w") as target:
                for info in source.infolist():
                    _write_entry(source, info, target, changed.get(info.filename))
    except (BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise OutriderError(
            f"is an archive that cannot be read, so its secrets cannot be hidden: {error}",
            slug="unreadable-archive",
            fix="remove it; it is not kept",
            where=Place(str(path)),
        ) from None
    return True


_Rewrite = Callable[[IO[bytes]], object]


def _redacted(source: ZipFile, info: ZipInfo, mask: Mask) -> _Rewrite | None:
    """Return what writes an entry without its secrets and credentials; None if it has none."""
    if info.file_size <= _IN_MEMORY_BYTES or info.filename.endswith(_RECORDS):
        data = source.read(info)
        redacted = redact_document(data, info.filename, mask)
        return None if redacted is data else lambda writer: writer.write(redacted)
    with source.open(info) as reader, open(os.devnull, "wb") as nowhere:  # noqa: PTH123  a device, not a file
        has_secret = mask.stream(reader, nowhere)

    def rewrite(writer: IO[bytes]) -> None:
        with source.open(info) as reader:
            mask.stream(reader, writer)

    return rewrite if has_secret else None


def _write_entry(source: ZipFile, info: ZipInfo, target: ZipFile, rewrite: _Rewrite | None) -> None:
    from zipfile import ZIP_STORED  # noqa: PLC0415

    kept = copy(info)
    if rewrite is None and info.compress_size > _COMPRESSIBLE * info.file_size:
        kept.compress_type = ZIP_STORED  # a picture: compressing it again takes long and gains nothing
    with target.open(kept, "w", force_zip64=info.file_size >= 1 << 31) as writer:
        if rewrite is not None:
            rewrite(writer)
            return
        with source.open(info) as reader:
            shutil.copyfileobj(reader, writer)


@contextmanager
def _replacement(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file that takes the place of `path`, with its permissions, once it is whole."""
    descriptor, name = mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        shutil.copymode(path, name)
        os.replace(name, path)  # noqa: PTH105  a name, not a Path
    except BaseException:
        os.unlink(name)  # noqa: PTH108  a name, not a Path
        raise
