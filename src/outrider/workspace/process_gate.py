"""The gate of what this process says beside its runs: logs, errors, problems, notes of receivers and jobs.

Whatever names a secret in such a text has read it in this process. So the gate knows every secret that was ever read
here: also those of a workspace whose new state is refused, and whose old state goes on.
"""

from __future__ import annotations

from outrider.workspace.mask import Mask
from outrider.workspace.redactor import Redactor
from outrider.workspace.secrets import secrets_read


class ProcessGate:
    """Masks the secrets that this process has read, hides credentials and makes texts printable; for any thread."""

    def __init__(self) -> None:
        self._current: tuple[tuple[str, ...], Redactor] = ((), Redactor())  # replaced as a whole

    def text(self, text: str) -> str:
        """Return a text for the store or a reader, of bounded length."""
        return self._redactor().text(text)

    def long_text(self, text: str) -> str:
        """Return a text for a reader, whatever its length."""
        return self._redactor().long_text(text)

    def _redactor(self) -> Redactor:
        secrets, redactor = self._current
        if (read := secrets_read()) != secrets:
            redactor = Redactor(Mask(read))
            self._current = read, redactor
        return redactor


_gate = ProcessGate()


def gated(text: str) -> str:
    """Return a text without the secrets that this process has read and without credentials: printable and bounded."""
    return _gate.text(text)


def gated_document(text: str) -> str:
    """Return a text as `gated` does, whatever its length."""
    return _gate.long_text(text)
