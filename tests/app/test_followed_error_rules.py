"""Rules for errors follow their file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.app.errors.followed_error_rules import FollowedErrorRules
from outrider.model import ErrorRules, OwnerRule
from outrider.workspace import ERRORS_FILE

if TYPE_CHECKING:
    from pathlib import Path


def test_rules_are_those_of_the_file_as_it_was_right_last(tmp_path: Path) -> None:
    """A mistake while somebody edits costs no rule; a file that is removed has none."""
    followed = FollowedErrorRules(tmp_path)
    file = tmp_path / ERRORS_FILE
    assert followed.current() == ErrorRules()

    file.parent.mkdir()
    file.write_text('[[owner]]\nservice = "pay"\nowner = "ada"\n')
    written = followed.current()
    file.write_text("[[owner]]\nservice =")
    broken = followed.current()
    file.unlink()

    assert written == broken == ErrorRules(owners=(OwnerRule("ada", service="pay", where=f"{ERRORS_FILE}:1"),))
    assert followed.current() == ErrorRules()
