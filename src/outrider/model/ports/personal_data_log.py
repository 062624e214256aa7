"""Port: what is kept of one person."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from outrider.model.person import Person, Tombstones


@dataclass(frozen=True, slots=True)
class PersonalRecord:
    """Something that is kept of a person.

    Attributes:
        kind: What it is, in the plural, such as "error events".
        name: What tells it from others of its kind.
        document: What it says, as JSON.
        files: Names and digests of the artifacts that belong to it.
        only_mentions: Whether it is about something else, so that the name alone is erased.
    """

    kind: str
    name: str
    document: Mapping[str, object]
    files: tuple[tuple[str, str], ...] = ()
    only_mentions: bool = False


@dataclass(frozen=True, slots=True)
class ErasedData:
    """What was erased: how many records by kind; and what could not be, with the reason."""

    counts: Mapping[str, int] = field(default_factory=dict)
    left: tuple[str, ...] = ()


class PersonalDataLog(Protocol):
    """Everything in the database and the artifact folder that is somebody's, or names them."""

    def find(self, person: Person, tell: Callable[[str], None] = ...) -> Iterator[PersonalRecord]:
        """Yield what there is; `tell` is told what is being searched."""
        ...

    def sessions(self, person: Person) -> frozenset[str]:
        """Return the sessions in which the person met errors."""
        ...

    def erase(self, person: Person, tell: Callable[[str], None] = ...) -> ErasedData:
        """Remove what is theirs, and their name from the rest; deleted rows cannot be read in the file either."""
        ...

    def receivers(self, person: Person) -> Mapping[str, int]:
        """Return how many notifications that name them were delivered, by receiver."""
        ...

    def delivered(self, kind: str) -> Mapping[str, int]:
        """Return how many notifications of a kind were delivered, by receiver, as far as it is known still."""
        ...

    def recognise(self, tombstones: Tombstones) -> Person | None:
        """Return who was erased and is here again, as after an older state was restored."""
        ...
