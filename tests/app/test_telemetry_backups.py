"""Telemetry in a backup, and what is put back of it."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from tests.telemetry_store.samples import log_record, point, span

from outrider.app import back_up, find_workspace, open_store, open_telemetry, restore_backup
from outrider.model import GaugeValue, TelemetryError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from outrider.telemetry_store import TelemetryStore
    from outrider.workspace import Workspace

pytestmark = pytest.mark.skipif(find_spec("chdb") is None, reason="the extra `telemetry` is not installed")


def workspace(folder: Path, settings: str = "[telemetry]\n") -> Workspace:
    folder.mkdir()
    (folder / "outrider.toml").write_text(settings, encoding="utf-8")
    return find_workspace(folder)


def found(telemetry: TelemetryStore) -> tuple[list[str], int, float]:
    """Return bodies of logs, the number of spans, and the requests of services by their rollup."""
    logs = [record.body for record in telemetry.search_logs("since:1d").rows]
    counted = telemetry.select("SELECT sum(n) FROM outrider_operations_1m", limit=1).rows
    return sorted(logs), len(telemetry.search_spans("since:1d").rows), counted[0][0]


def test_a_backup_holds_telemetry_and_is_put_back_under_an_engine_that_runs(tmp_path: Path) -> None:
    """Records and counts are those of the backup, once; what came later is gone; then it takes records as before."""
    site = workspace(tmp_path / "site")
    with open_store(site) as store, open_telemetry(site) as telemetry:
        telemetry.insert_logs([log_record("shop", "first"), log_record("shop", "hours ago", ago_s=70_000)], token="a")
        telemetry.insert_spans([span("shop", "GET /cart", span_id="1" * 16)], token="b")
        before = found(telemetry)
        copied = back_up(site, store, tmp_path / "backup")
        telemetry.insert_logs([log_record("shop", "later")], token="c")
        telemetry.insert_spans([span("shop", "GET /pay", span_id="2" * 16)], token="d")

        assert restore_backup(site, tmp_path / "backup", force=True)
        after = found(telemetry)
        telemetry.insert_logs([log_record("shop", "afterwards")], token="e")

        assert copied.telemetry_bytes
        assert before == after
        assert found(telemetry)[0] == sorted(["afterwards", *before[0]])


def test_a_backup_moves_to_another_machine(tmp_path: Path) -> None:
    """Where nothing was before, with hosts that a backup of before their rollup tells of; not over what is there."""
    site = workspace(tmp_path / "site")
    load = point("collector", GaugeValue(1.5), "system.cpu.load_average.1m")._replace(resource={"host.name": "node"})
    with open_store(site) as store, open_telemetry(site) as telemetry:
        telemetry.insert_logs([log_record("shop", "moved")], token="a")
        telemetry.insert_metrics([load], token="b")
        back_up(site, store, tmp_path / "backup")
    shutil.rmtree(tmp_path / "backup/telemetry/outrider_host_points")
    other = workspace(tmp_path / "other")

    assert restore_backup(other, tmp_path / "backup")
    with pytest.raises(UsageError, match="is there already"):
        restore_backup(other, tmp_path / "backup")
    with open_telemetry(other) as telemetry:
        assert found(telemetry)[0] == ["moved"]
        assert [(host.name, host.load) for host in telemetry.hosts(load.time_ns, load.time_ns + 1)] == [("node", 1.5)]


def test_telemetry_is_left_out_by_choice(tmp_path: Path) -> None:
    """Of the backup, of what is put back, and where the workspace keeps none."""
    site = workspace(tmp_path / "site")
    with open_store(site) as store, open_telemetry(site) as telemetry:
        telemetry.insert_logs([log_record("shop", "stays")], token="a")
        back_up(site, store, tmp_path / "without", telemetry=False)
        back_up(site, store, tmp_path / "with")

        assert not restore_backup(site, tmp_path / "without", force=True)
        assert not restore_backup(site, tmp_path / "with", force=True, telemetry=False)
        assert found(telemetry)[0] == ["stays"]
    assert not (tmp_path / "without/telemetry").exists()
    assert not restore_backup(workspace(tmp_path / "none", ""), tmp_path / "with")


def test_what_cannot_be_put_back_replaces_nothing(tmp_path: Path) -> None:
    """Neither telemetry nor the store is, by what is damaged or a newer engine's, and nothing is left lying about."""
    site = workspace(tmp_path / "site")
    with open_store(site) as store, open_telemetry(site) as telemetry:
        telemetry.insert_logs([log_record("shop", "stays")], token="a")
        back_up(site, store, tmp_path / "backup")
        part = next((tmp_path / "backup/telemetry/otel_logs").iterdir())
        shutil.copytree(tmp_path / "backup", tmp_path / "broken")
        data = tmp_path / "broken/telemetry/otel_logs" / part.name / "data.bin"
        data.write_bytes(data.read_bytes()[::-1])
        with pytest.raises(TelemetryError) as damaged:
            restore_backup(site, tmp_path / "broken", force=True)
        (tmp_path / "broken/telemetry/format.json").write_text('{"engine": "999.1"}')
        with pytest.raises(TelemetryError) as newer:
            restore_backup(site, tmp_path / "broken", force=True)

        assert (damaged.value.slug, newer.value.slug) == ("telemetry-damaged", "telemetry-newer")
        assert found(telemetry)[0] == ["stays"]
        assert not (site.state / "outrider.db.before-restore").exists()
        tables = telemetry._client.query("SELECT count() FROM system.tables WHERE name LIKE '%_restored'").rows
        assert tables == [(0,)]
