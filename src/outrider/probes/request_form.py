"""A body of type multipart/form-data (RFC 7578): texts and files."""

from __future__ import annotations

import mimetypes
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from outrider.workspace import Refused, Template, as_text, is_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.probes.probe_table import ProbeTable
    from outrider.workspace import Table

_MOST_FILE_BYTES: Final = 50_000_000


@dataclass(frozen=True, slots=True)
class FormField:
    """One field: a text, or a file with its name and type.

    Attributes:
        data: Of a file; None of a text.
    """

    name: str
    text: Template
    data: bytes | None = field(default=None, repr=False)
    file: str = ""
    media_type: str = ""

    def encoded(self, values: Mapping[str, str]) -> bytes:
        """Return the field with its head, its variables filled."""
        head = f'Content-Disposition: form-data; name="{_escaped(self.name)}"'
        if self.data is None:
            return f"{head}\r\n\r\n{self.text.fill(values)}".encode("utf-8", "replace")
        head += f'; filename="{_escaped(self.file)}"\r\nContent-Type: {self.media_type}\r\n\r\n'
        return head.encode("utf-8", "replace") + self.data


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, and what stands between them."""

    fields: tuple[FormField, ...]
    boundary: str

    @property
    def templates(self) -> tuple[Template, ...]:
        """The texts whose variables may be filled later."""
        return tuple(form_field.text for form_field in self.fields)

    @property
    def content_type(self) -> str:
        """The value of the header."""
        return f"multipart/form-data; boundary={self.boundary}"

    def encoded(self, values: Mapping[str, str]) -> bytes:
        """Return the body, its variables filled."""
        line = f"--{self.boundary}".encode()
        parts = [line + b"\r\n" + form_field.encoded(values) + b"\r\n" for form_field in self.fields]
        return b"".join(parts) + line + b"--\r\n"


def read_form(entry: ProbeTable) -> Form | None:
    """Read the table `form`; report problems to its table."""
    if "form" not in entry.table.data:
        return None
    if "body" in entry.table.data:
        entry.table.report("form", "stands beside body", "write one of both", "body-beside-form")
    below = entry.below(entry.table.section("form"))
    fields = []
    for name, value in below.table.data.items():
        if isinstance(value, dict):
            fields.append(_file(name, below.below(below.table.section(name))))
        else:
            fields.append(FormField(name, below.template(name) or Template(())))
    return Form(tuple(fields), secrets.token_hex(16))


def _file(name: str, entry: ProbeTable) -> FormField:
    table: Table = entry.table
    if "file" not in table.data:
        table.report("file", "is missing", 'write its path, such as "probes/photo.png"', "missing-key")
    path = Path(entry.file("file") or "file")
    data = b""
    if is_file(path) and path.stat().st_size > _MOST_FILE_BYTES:
        table.report("file", f"is larger than {_MOST_FILE_BYTES} bytes", "send a smaller one", "out-of-range")
    elif is_file(path):
        data = path.read_bytes()
    guessed = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    form_field = FormField(
        name=name,
        text=Template(()),
        data=data,
        file=table.read("filename", as_text, path.name),
        media_type=table.read("type", _as_media_type, guessed),
    )
    table.close()
    return form_field


def _as_media_type(value: object) -> str:
    text = as_text(value)
    if "/" not in text or not text.isascii() or not text.isprintable():
        raise Refused("is no media type", 'write one such as "image/png"', "bad-header")
    return text


def _escaped(name: str) -> str:
    """Return a name as browsers write it (HTML standard, "multipart/form-data encoding algorithm")."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
