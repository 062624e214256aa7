"""`scheduler/errors.toml`: rules for errors, and every mistake with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrider.model import ConfigErrors, ErrorRules, FingerprintRule, OwnerRule
from outrider.workspace import ERRORS_FILE, read_error_rules

if TYPE_CHECKING:
    from pathlib import Path


def _written(root: Path, text: str) -> Path:
    (root / "scheduler").mkdir()
    (root / ERRORS_FILE).write_text(text)
    return root


def test_rules_are_read_in_their_order_with_where_they_stand(tmp_path: Path) -> None:
    """Without the file there are none."""
    assert read_error_rules(tmp_path) == ErrorRules()
    root = _written(
        tmp_path, '[[group]]\ntype = "Key*"\nfingerprint = ["a"]\n\n[[owner]]\npath = "p/*"\nowner = "pay"\n'
    )

    assert read_error_rules(root) == ErrorRules(
        (FingerprintRule(("a",), type="Key*", where=f"{ERRORS_FILE}:1"),),
        (OwnerRule("pay", path="p/*", where=f"{ERRORS_FILE}:5"),),
    )


def test_every_mistake_is_reported_with_its_line(tmp_path: Path) -> None:
    """A key that nobody knows, a rule without a condition, one without an effect, a value of another type."""
    root = _written(
        tmp_path, '[[group]]\ntyp = "x"\nfingerprint = 3\n[[owner]]\nservice = "pay"\n[[owner]]\nowner = "x"\n'
    )

    with pytest.raises(ConfigErrors) as raised:
        read_error_rules(root)

    problems = [(problem.slug, problem.where.line if problem.where else 0) for problem in raised.value.problems]
    assert sorted(problems) == [
        ("missing-key", 1), ("missing-key", 4), ("missing-key", 6), ("unknown-key", 2), ("wrong-type", 3),
    ]  # fmt: skip
