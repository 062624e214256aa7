"""The environment of tests where declared secrets have no value: reading one raises the reason."""

from __future__ import annotations

import json
import os
from typing import Any

from outrider.journeys.machine_environment import UnlistedEnvironment

MISSING_VARIABLE = "OUTRIDER_MISSING_SECRETS"


class MissingSecret(KeyError):
    """A test reads a secret that has no value."""

    def __str__(self) -> str:
        """Return the reason as it is, without quotes."""
        return str(self.args[0])


class _Environment(UnlistedEnvironment[str]):
    """The process's environment; a test that sets the variable itself reads what it has set."""

    missing: dict[str, str]

    def __getitem__(self, key: str) -> str:
        try:
            return super().__getitem__(key)
        except KeyError:
            if key in self.missing:
                raise MissingSecret(self.missing[key]) from None
            raise

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value or the default; a secret without a value has no default, which would hide that."""
        try:
            return self[key]
        except MissingSecret:
            raise
        except KeyError:
            return default


def watch_missing_secrets() -> None:
    """Have reads of `os.environ` say which secret is missing, and why."""
    missing: dict[str, str] = json.loads(os.environ.pop(MISSING_VARIABLE, "{}"))
    if missing:
        os.environ.__class__ = _Environment
        os.environ.missing = missing  # type: ignore[attr-defined]
