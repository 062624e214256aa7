"""`outrider runs`: where they ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.builders import new_store, run_of
from tests.cli.conftest import invoke

from outrider.model import Measurement, Outcome

if TYPE_CHECKING:
    from pathlib import Path

NOW_US = 1_800_000_000_000_000


def test_locations_have_a_column_where_there_are_some_and_one_of_them_can_be_asked_for(tmp_path: Path) -> None:
    """A workspace that measures here only has no column of the same word."""
    (tmp_path / "outrider.toml").write_text("")
    passed = Measurement(Outcome.PASSED, "", NOW_US, 5.0)
    with new_store(tmp_path / ".outrider" / "outrider.db", artifacts=tmp_path / "artifacts") as store:
        store.runs.record(run_of(passed))
        here = invoke(tmp_path, "runs").stdout
        store.runs.record(run_of(passed, location="fra"))

    both = invoke(tmp_path, "runs").stdout
    there = invoke(tmp_path, "runs", "--location", "fra").stdout
    nowhere = invoke(tmp_path, "runs", "--location", "fa")

    assert "location" not in here
    assert [word in both for word in ("location", "fra", "local")] == [True] * 3
    assert ("fra" in there, "local" in there) == (True, False)
    assert (nowhere.stdout.strip(), nowhere.returncode) == ("no such runs", 0)
    assert 'in the location "fa"; known: local' in nowhere.stderr
