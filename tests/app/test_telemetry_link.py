"""How pages reach telemetry while its engine comes and goes."""

from __future__ import annotations

import os
import signal
from importlib.util import find_spec
from typing import TYPE_CHECKING

import psutil
import pytest

from outrider.app import open_telemetry
from outrider.app.lookup.telemetry_access import ENGINE_FOLDER
from outrider.app.lookup.telemetry_link import TelemetryLink
from outrider.model import TelemetryUnavailable, UsageError
from outrider.telemetry_store import running_engine
from outrider.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

needs_engine = pytest.mark.skipif(find_spec("chdb") is None, reason="the extra telemetry is not installed")


@needs_engine
def test_pages_reach_an_engine_that_was_killed_and_started_again(tmp_path: Path) -> None:
    """They start none; while it is away they say so, and they find it at its new address."""
    (tmp_path / "outrider.toml").write_text("[telemetry]\n", encoding="utf-8")
    workspace = load(tmp_path)
    link = TelemetryLink(workspace)
    with pytest.raises(TelemetryUnavailable, match="does not run"):
        link.reader()

    with open_telemetry(workspace) as owner:
        assert link.reader().search_logs("").rows == ()
        assert link.reader() is link.reader()
        record = running_engine(workspace.state / ENGINE_FOLDER)
        assert record is not None
        process = psutil.Process(record.pid)
        os.kill(record.pid, signal.SIGKILL)
        psutil.wait_procs([process], timeout=30)
        with pytest.raises(TelemetryUnavailable):
            link.reader().search_logs("")

        assert owner.restart_engine()

        assert link.reader().search_logs("").rows == ()
    link.close()


def test_a_workspace_without_telemetry_says_what_to_add(tmp_path: Path) -> None:
    """Its pages are not linked to; whoever opens them reads how telemetry is switched on."""
    (tmp_path / "outrider.toml").touch()
    link = TelemetryLink(load(tmp_path))

    assert not link.is_on
    with pytest.raises(UsageError, match="takes no telemetry"):
        link.reader()


@needs_engine
def test_another_state_of_the_workspace_is_taken_up(tmp_path: Path) -> None:
    """As when telemetry is switched off while the service runs."""
    settings = tmp_path / "outrider.toml"
    settings.write_text("[telemetry]\n", encoding="utf-8")
    link = TelemetryLink(load(tmp_path))
    assert link.is_on

    settings.write_text("[telemetry]\n[capabilities]\ntelemetry = false\n", encoding="utf-8")
    link.use(load(tmp_path))

    with pytest.raises(UsageError, match="switched off"):
        link.reader()
