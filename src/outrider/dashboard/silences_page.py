"""Silences as a page: those that have not ended, and a form that shows first what another one would mute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.dashboard.page_templates import render
from outrider.model import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.alerts import SilenceEffect
    from outrider.dashboard.page_templates import PageContext
    from outrider.model import Silence


@dataclass(frozen=True, slots=True)
class SilenceForm:
    """What somebody is about to silence.

    Attributes:
        matchers: One a line.
        length: Such as "2h".
        effect: What it would mute; None before anything is asked.
        problem: Why the matchers cannot be read.
    """

    matchers: str
    length: str
    comment: str
    effect: SilenceEffect | None
    problem: str

    @property
    def sentence(self) -> str:
        """What the silence would mute."""
        if self.effect is None:
            return ""
        if self.effect.unknown_labels:
            return f'Nothing has a label "{self.effect.unknown_labels[0]}". Labels are {", ".join(self.effect.labels)}.'
        incidents, checks = counted(self.effect.incidents, "open incident"), counted(self.effect.checks, "check")
        return f"This mutes {incidents} and {checks}."


def silences_page(silences: Sequence[Silence], form: SilenceForm, context: PageContext) -> str:
    """Return the page."""
    return render("silences.html", context, {"silences": silences, "form": form})
