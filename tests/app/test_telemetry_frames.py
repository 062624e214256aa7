"""Telemetry as DataFrames, out of a real engine."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from pandas import DatetimeIndex
from tests.telemetry_store.samples import log_record, span

from outrider import open_workspace
from outrider.app import open_telemetry
from outrider.model import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider import OpenWorkspace

pytestmark = pytest.mark.skipif(find_spec("chdb") is None, reason="the extra telemetry is not installed")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenWorkspace]:
    """A workspace with logs and spans."""
    folder: Path = tmp_path_factory.mktemp("workspace")
    settings = '[workspace]\nname = "shop"\n[telemetry]\n'
    (folder / "outrider.toml").write_text(settings, encoding="utf-8")
    with open_workspace(folder) as workspace:
        with open_telemetry(workspace.settings) as telemetry:
            rows = [log_record("shop", f"line {number}", ago_s=30 + number / 100) for number in range(6_000)]
            telemetry.insert_logs([*rows, log_record("pay", "declined", severity_number=17)], token="logs")
            telemetry.insert_spans([span("shop", duration_ms=number) for number in range(1, 11)], token="spans")
        yield workspace


def test_log_records_are_rows_with_their_time_as_index(workspace: OpenWorkspace) -> None:
    """All that match up to the limit, page by page."""
    frame = workspace.telemetry.logs("service:shop")

    assert len(frame) == 6_000
    assert frame.index.is_monotonic_decreasing
    assert isinstance(frame.index, DatetimeIndex)
    assert str(frame.index.tz) == workspace.settings.timezone
    assert frame["body"].iloc[0] == "line 0"
    assert len(workspace.telemetry.logs("", limit=10)) == 10
    assert list(workspace.telemetry.logs("level>=error")["service"]) == ["pay"]
    assert workspace.telemetry.logs("service:none").empty


def test_spans_measures_and_services_are_frames(workspace: OpenWorkspace) -> None:
    """Durations in milliseconds; periods as index."""
    spans = workspace.telemetry.spans("service:shop")
    counts = workspace.telemetry.measure("logs", by=["service"], every="1m")
    services = workspace.telemetry.services()

    assert sorted(spans["duration_ms"]) == [float(number) for number in range(1, 11)]
    assert counts.groupby("service")["count"].sum().to_dict() == {"pay": 1.0, "shop": 6000.0}
    assert services.set_index("service")["count"].to_dict() == {"shop": 10}


def test_what_cannot_be_asked_is_refused(workspace: OpenWorkspace) -> None:
    """A query that is none, a kind that is none, a limit below one, a length of time that is none."""
    frames = workspace.telemetry
    with pytest.raises(UsageError, match="quote"):
        frames.logs('"unclosed')
    with pytest.raises(UsageError, match="neither"):
        frames.measure("metrics")
    with pytest.raises(UsageError, match="limit"):
        frames.spans(limit=0)
    with pytest.raises(UsageError, match="duration"):
        frames.services("soon")
    with pytest.raises(UsageError, match="less than a second"):
        frames.measure("logs", every="10ms")
