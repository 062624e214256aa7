"""What `outrider store copy` prints; tests/store/contract/test_store_copy.py has what it does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.builders import new_store
from tests.cli.conftest import invoke

from outrider.model import CheckId

if TYPE_CHECKING:
    from pathlib import Path


def test_a_copy_says_how_much_was_copied_and_what_is_left_to_do(tmp_path: Path) -> None:
    """The second copy into the same place is refused."""
    with new_store(tmp_path / "old.db", artifacts=tmp_path / "artifacts") as store:
        store.schedule.pause(CheckId("probe:a"), 5, "")

    done, again = (invoke(tmp_path, "store", "copy", "old.db", "new.db") for _ in range(2))
    as_json = invoke(tmp_path, "store", "copy", "new.db", "newer.db", "--json")

    lines = done.stdout.splitlines()
    assert lines[0].startswith("copied 1 row of ")
    assert lines[1:3] == ["  from old.db", "  to   new.db"]
    assert "name it as url of [store]" in lines[-1]
    assert (again.returncode, "[store-not-empty]" in again.stderr) == (4, True), again.stderr
    tables = {table["name"]: table["rows"] for table in json.loads(as_json.stdout)["tables"]}
    assert (tables["pauses"], tables["runs"]) == (1, 0)
