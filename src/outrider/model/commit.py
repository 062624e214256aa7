"""Commits of a release."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Commit:
    """A change of the source.

    Attributes:
        id: Its hash, hexadecimal.
        author: A name, never an address of mail.
        at: When, as Git wrote it.
        files: Paths within the repository that it changed.
    """

    id: str
    author: str
    at: str
    subject: str
    files: tuple[str, ...]
