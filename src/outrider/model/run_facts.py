"""What runs were measured with and against, beside their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class RunFacts:
    """Facts that runs of a check have in common.

    Attributes:
        first_us: When the first of them was due, microseconds UTC.
        facts: Attributes of their attempts, such as `remote`, and the fields of `Circumstances`, by name.
    """

    first_us: int
    facts: Mapping[str, str]
