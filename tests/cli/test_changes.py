"""`outrider changes`."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING

import pytest
from tests.builders import new_store, run_of
from tests.cli.conftest import invoke

from outrider.model import Check, CheckId, Kind, Measurement, Outcome, Sample, Step, StepKind
from outrider.workspace import StoreSettings

if TYPE_CHECKING:
    from pathlib import Path

BEGIN_US = 1_790_000_000_000_000


@pytest.mark.slow
def test_a_level_that_was_zero_hides_no_other_change(tmp_path: Path) -> None:
    """There is no share of zero: the table says so, and goes on (seed 1)."""
    (tmp_path / "outrider.toml").touch()
    usual, chance = StoreSettings(), random.Random(1)
    with new_store(tmp_path / usual.url, artifacts=tmp_path / usual.artifacts) as store:
        for check, before in (("probe:zero", 0.0), ("probe:slow", 200.0)):
            store.checks.record([Check(CheckId(check), Kind.PROBE, "probes/p.toml", check, "p")], BEGIN_US)
            for number in range(200):
                level = before if number < 100 else 260.0
                took_ms, due_us = level * chance.uniform(0.97, 1.03), BEGIN_US + number * 60_000_000
                steps = (Step("page", "page", StepKind.NAMED, 0.0, took_ms),)
                samples = (Sample("page", "duration_ms", took_ms),)
                passed = Measurement(Outcome.PASSED, "", due_us, took_ms, steps=steps, samples=samples)
                store.runs.record(run_of(passed, check))

    table, listed = invoke(tmp_path, "changes"), invoke(tmp_path, "changes", "--json")

    assert (table.returncode, len(json.loads(listed.stdout))) == (0, 2)
    assert "from zero" in table.stdout
    assert re.search(r"\+(29|30|31)\.\d %", table.stdout)
