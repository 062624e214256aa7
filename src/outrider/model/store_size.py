"""How much a store holds, and what retention frees."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Freed:
    """What retention frees within a time.

    Attributes:
        within_s: From now on.
        runs: How many whole runs.
        files: How many artifacts, at most: content that a younger run shares stays.
        file_bytes: Their size.
    """

    within_s: float
    runs: int
    files: int
    file_bytes: int


@dataclass(frozen=True, slots=True)
class StoreSize:
    """How much a store holds.

    Attributes:
        at_us: When that was counted, microseconds UTC.
        database_bytes: Of the database, without its log; `free_bytes` of it are empty and will be used again.
        runs: About how many there are.
        oldest_us: When the oldest run was due; None without any.
        files: How many artifacts, each content once.
        file_bytes: Their size before they are packed.
        freed: What retention frees within longer and longer times.
    """

    at_us: int
    database_bytes: int
    free_bytes: int
    runs: int
    oldest_us: int | None
    files: int
    file_bytes: int
    freed: tuple[Freed, ...]
