"""How the telemetry of a workspace is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.app.access.host_turns import host_turns
from outrider.app.lookup.telemetry_access import local_limits
from outrider.model import Claim
from outrider.workspace import TelemetrySettings, load

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_query_takes_one_thread_while_something_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for its turn measures nothing yet; afterwards the engine may use every processor again."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))  # turns of other tests lie elsewhere
    (tmp_path / "outrider.toml").touch()
    workspace = load(tmp_path)
    limits = local_limits(workspace, TelemetrySettings())

    assert "max_threads" not in limits.settings()
    with host_turns(workspace).taken(Claim("journey:shop")):
        assert limits.settings()["max_threads"] == 1
    assert "max_threads" not in limits.settings()
