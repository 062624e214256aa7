"""The gate that every run passes before it is stored or shown to anybody."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.model import Outcome
from outrider.workspace import Redactor

if TYPE_CHECKING:
    from outrider.model import Run

UNDECLARED = Redactor()
"""For a prober without declared secrets: it hides credentials, and makes texts printable."""


def redacted_run(run: Run, redactor: Redactor) -> Run:
    """Return a run without secrets; one that cannot be redacted loses what it measured, and is inconclusive."""
    try:
        return redactor.run(run)
    except Exception as error:  # a file or value of a kind that nobody foresaw must neither leak nor cost other runs
        reason = f"the prober itself broke: its result could not be redacted: {type(error).__name__}"
        return replace(run, outcome=Outcome.INCONCLUSIVE, reason=reason, attempts=())
