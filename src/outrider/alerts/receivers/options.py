"""A receiver's options, as its kind reads them; texts are filled with secrets and kept hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.workspace import Refused, Table, as_flag, as_text, as_texts, read_template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outrider.alerts.network_guard import Guard


@dataclass(frozen=True, slots=True)
class Options:
    """A table of `scheduler/alerts.toml` and what its texts may name.

    Attributes:
        variables: Environment and secrets by name.
        guard: Where webhooks may go.
    """

    table: Table
    variables: Mapping[str, str]
    guard: Guard

    def text(self, key: str, default: str = "", check: Callable[[str], None] | None = None) -> str:
        """Return a text, its variables filled."""
        return self.table.read(key, lambda value: self._filled(value, check), default)

    def needed(self, key: str, example: str, check: Callable[[str], None] | None = None) -> str:
        """Return a text that must be there."""
        return self.table.require(key, lambda value: self._filled(value, check), "", example)

    def texts(self, key: str, example: str, check: Callable[[str], None] | None = None) -> tuple[str, ...]:
        """Return texts, at least one, that must be there."""
        nothing: tuple[str, ...] = ()
        return self.table.require(key, lambda value: self._all_filled(value, check), nothing, example)

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        return self.table.read(key, as_flag, default)

    def _all_filled(self, value: object, check: Callable[[str], None] | None) -> tuple[str, ...]:
        texts = as_texts(value)
        if not texts:
            raise Refused("is empty", "name at least one", "out-of-range")
        return tuple(self._filled(text, check) for text in texts)

    def _filled(self, value: object, check: Callable[[str], None] | None) -> str:
        text = read_template(as_text(value), self.variables).fill({})
        if not text:
            raise Refused("is empty", "write a text", "out-of-range")
        if check is not None:
            check(text)
        return text
