"""The page of a link in a mail, by which its recipient acknowledges an incident."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.alerts import headline
from outrider.dashboard.page_templates import PageContext, render

if TYPE_CHECKING:
    from outrider.alerts import Incident
    from outrider.dashboard.reader_clock import ReaderClock


@dataclass(frozen=True, slots=True)
class AcknowledgeView:
    """What a recipient sees.

    Attributes:
        recipient: Mail address of who acknowledges.
        path: Of this page, which its form is sent to.
        done: What was done, or why nothing can be; empty while the button waits.
    """

    incident: Incident
    recipient: str
    path: str
    done: str

    @property
    def title(self) -> str:
        """One line about the incident."""
        return headline(self.incident)


def acknowledge_page(base: str, view: AcknowledgeView, clock: ReaderClock) -> str:
    """Return the page."""
    context = PageContext(clock, base=base, refresh_s=0)
    return render("acknowledge.html", context, {"view": view, "incident": view.incident})
