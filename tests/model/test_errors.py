"""What we raise says what, where and what to do."""

from __future__ import annotations

import pytest

from outrider.model import (
    BrowserError,
    ConfigError,
    ConfigErrors,
    OutriderError,
    Place,
    StoreError,
    TooFewSamples,
    UsageError,
)


@pytest.mark.parametrize(
    ("where", "fix", "text"),
    [
        (None, "", "it is wrong   [slug]"),
        (None, "mend it", "it is wrong\n  mend it   [slug]"),
        (Place("a.toml"), "", "a.toml: it is wrong   [slug]"),
        (Place("a.toml", 14), "mend it", "a.toml:14: it is wrong\n  mend it   [slug]"),
    ],
)
def test_a_message_says_where_what_and_what_to_do(where: Place | None, fix: str, text: str) -> None:
    """Place, fix and slug stand in the text when there are any."""
    error = OutriderError("it is wrong", slug="slug", fix=fix, where=where)

    shown = str(error)

    assert shown == text


def test_problems_of_a_workspace_are_told_together() -> None:
    """One error carries all problems, each with its own place."""
    problems = tuple(ConfigError(f"bad {line}", slug="bad", where=Place("a.toml", line)) for line in (1, 2))

    shown = str(ConfigErrors(problems))

    assert shown == "a.toml:1: bad 1   [bad]\na.toml:2: bad 2   [bad]"


@pytest.mark.parametrize(
    ("kind", "code"),
    [(ConfigError, 2), (ConfigErrors, 2), (UsageError, 2), (BrowserError, 4), (StoreError, 4), (TooFewSamples, 3)],
)
def test_each_error_has_its_exit_code_and_one_root(kind: type[OutriderError], code: int) -> None:
    """Whoever catches the root catches all; the shell learns the kind."""
    root = OutriderError

    is_ours = issubclass(kind, root)

    assert is_ours
    assert kind.exit_code == code
