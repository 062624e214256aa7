"""A probe's table in a file, read key by key, with the variables that its texts may name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from outrider.workspace import (
    Refused,
    Table,
    Template,
    as_any_text,
    as_table,
    as_text,
    as_texts,
    check_url,
    is_file,
    is_folder,
    read_template,
    resolved,
    split_address,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

T = TypeVar("T")
_NOTHING = Template(())


@dataclass(frozen=True, slots=True)
class ProbeTable:
    """A table and what its texts may name.

    Attributes:
        check: Id of the check.
        variables: Environment and secrets by name.
        root: Of the workspace.
        later: Names that an earlier request of the same probe extracts.
        timezone: IANA name of the workspace's time zone.
    """

    check: str
    table: Table
    variables: Mapping[str, str]
    root: Path
    later: frozenset[str] = frozenset()
    timezone: str = "UTC"

    def below(self, table: Table, later: frozenset[str] = frozenset()) -> ProbeTable:
        """Return the reader of a table within this one."""
        return replace(self, table=table, later=self.later | later)

    def template(self, key: str) -> Template | None:
        """Return a text whose variables may be filled later; it may be empty."""
        return self.table.read(key, self._as_template, None)

    def text(self, key: str, convert: Callable[[str], T], default: T) -> T:
        """Return what `convert` makes of a text, its variables filled."""
        return self.table.read(key, lambda value: convert(self._filled(value)), default)

    def needed_text(self, key: str, convert: Callable[[str], T], default: T, example: str) -> T:
        """Return what `convert` makes of a text that must be there."""
        return self.table.require(key, lambda value: convert(self._filled(value)), default, example)

    def url(self, example: str) -> Template:
        """Return the URL of a request; it is checked as soon as all variables are known."""
        return self.table.require("url", self._as_url, _NOTHING, example)

    def templates(self, key: str) -> tuple[tuple[str, Template], ...]:
        """Return a table of texts."""
        self.table.read(key, as_table, {})
        if not isinstance(self.table.data.get(key), dict):
            return ()
        below = self.below(self.table.section(key))
        return tuple((name, below.template(name) or _NOTHING) for name in below.table.data)

    def texts(self, key: str, example: str) -> tuple[str, ...]:
        """Return a list of texts that must be there, the variables of each filled."""
        return self.table.require(key, lambda value: tuple(self._filled(text) for text in as_texts(value)), (), example)

    def folder(self, key: str) -> Path:
        """Return a folder of the workspace; its root if none is named."""
        return self.text(key, self._as_folder, self.root)

    def address(self) -> tuple[str, int]:
        """Return a host and a port."""
        return self.needed_text("address", split_address, ("", 0), '"shop.example:443"')

    def file(self, key: str) -> str | None:
        """Return the absolute path of a file that exists."""
        return self.text(key, self._as_file, None)

    def _filled(self, value: object) -> str:
        return read_template(as_text(value), self.variables).fill({})

    def _as_template(self, value: object) -> Template:
        return read_template(as_any_text(value), self.variables, self.later)

    def _as_url(self, value: object) -> Template:
        template = read_template(as_text(value), self.variables, self.later)
        if not template.names:
            check_url(template.fill({}))
        return template

    def _as_folder(self, text: str) -> Path:
        path = resolved(self.root / text)
        if not is_folder(path) or not path.is_relative_to(self.root.resolve()):
            fix = "write the path of a folder, from the root of the workspace"
            raise Refused("is not a folder of the workspace", fix, "missing-folder")
        return path

    def _as_file(self, text: str) -> str | None:
        path = self.root / text
        if not is_file(path):
            raise Refused("is not a file", "write the path of a file, from the root of the workspace", "missing-file")
        return str(path)
