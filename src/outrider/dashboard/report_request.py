"""Which report is asked for, and who builds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS = ("weekly", "daily", "monthly", "quarterly", "release")
PARTS = ("week", "month", "quarter", "release", "environment")


@dataclass(frozen=True, slots=True)
class ReportName:
    """Which report.

    Attributes:
        kind: One of `KINDS`.
        week: Of a weekly one: an ISO week, such as 2026-W47; the last seven days if empty.
        month: Of a monthly one: such as 2026-10; the last that is over if empty.
        quarter: Of a quarterly one: such as 2026-Q3; the last that is over if empty.
        release: Of a release's: its name; the last one if empty.
        environment: Of a release's; the workspace's default if empty.
    """

    kind: str
    week: str = ""
    month: str = ""
    quarter: str = ""
    release: str = ""
    environment: str = ""

    @property
    def query(self) -> dict[str, str]:
        """What its address asks, besides its kind."""
        asked = {name: getattr(self, name) for name in PARTS}
        return {name: value for name, value in asked.items() if value}


class ReportShelf(Protocol):
    """Builds reports; it may be asked by any thread."""

    def mailing(self) -> Sequence[tuple[str, tuple[str, ...], str]]:
        """Return each kind that is mailed, its receivers, and its schedule in words of cron."""
        ...

    def build(self, name: ReportName, form: str) -> str:
        """Return a report as "html", "md" or "json".

        Raises:
            UsageError: bad-week, bad-month, bad-quarter, unknown-release; report-busy if too many are being built.
            ConfigError: bad-report, bad-template.
        """
        ...
