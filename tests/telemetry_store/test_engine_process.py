"""The engine's process: started, refused, killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import lark
import psutil
import pytest
from tests.telemetry_store.samples import log_record
from tests.waiting import until

import outrider
from outrider.model import TelemetryError, TelemetryUnavailable
from outrider.telemetry import Digestion, SignalKind, Spool, Tally
from outrider.telemetry_store.clickhouse_client import ClickHouseClient, ServerAddress
from outrider.telemetry_store.engine_process import EngineOptions, EngineProcess, running_engine
from outrider.telemetry_store.engine_record import check_format, damaged_parts, read_record
from outrider.telemetry_store.schema_upgrade import upgrade_schema
from outrider.telemetry_store.telemetry_inserts import TelemetryTables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NUMBERS = {"n": "UInt64"}


def damage_log_table(folder: Path) -> None:
    [definition] = (folder / "data").rglob("numbers.sql")
    definition.write_bytes(b"\0garbage")


def test_what_was_acknowledged_survives_a_kill_and_a_damaged_folder_is_told(tmp_path: Path) -> None:
    """An insert that returned is there after `kill -9`; a part of garbage is set aside, so that it is told,
    and a table whose definition is garbage is named, with a remedy.
    """
    with EngineProcess(EngineOptions(tmp_path)) as engine:
        client = ClickHouseClient(ServerAddress.of_engine(engine.record))
        client.command("CREATE DATABASE outrider ENGINE = Atomic")
        client.command("CREATE TABLE outrider.numbers (n UInt64) ENGINE = MergeTree ORDER BY n")
        client.insert("numbers", NUMBERS, [list(range(1000))], token="first")
        os.kill(engine.record.pid, signal.SIGKILL)
        until(lambda: not engine.is_running)
        with pytest.raises(TelemetryUnavailable, match=r"does not answer: Connection refused\n"):
            client.command("SELECT 1")

    with EngineProcess(EngineOptions(tmp_path)) as engine:
        client = ClickHouseClient(ServerAddress.of_engine(engine.record))
        assert client.command("SELECT sum(n) FROM outrider.numbers") == str(sum(range(1000)))
        client.insert("numbers", NUMBERS, [[7]], token="second")
    [part, _] = sorted((tmp_path / "data").rglob("all_*/data.bin"))
    part.write_bytes(b"garbage")
    with EngineProcess(EngineOptions(tmp_path)) as engine:
        client = ClickHouseClient(ServerAddress.of_engine(engine.record))
        assert client.command("SELECT sum(n) FROM outrider.numbers") == "7"
    assert damaged_parts(tmp_path) == 1

    damage_log_table(tmp_path)
    with pytest.raises(TelemetryError, match=r"cannot open .*numbers\.sql") as caught:
        EngineProcess(EngineOptions(tmp_path))
    assert caught.value.slug == "telemetry-damaged"


def test_a_folder_is_opened_by_one_engine_and_reached_from_any_process(engine: EngineProcess) -> None:
    """A second engine is refused and says which process has it; its record says where the first listens."""
    [log] = [Path(file.path) for file in psutil.Process(engine.record.pid).open_files() if file.path.endswith(".log")]

    with pytest.raises(TelemetryError, match=f"another process, {engine.record.pid}") as caught:
        EngineProcess(EngineOptions(log.parent))

    assert caught.value.slug == "telemetry-locked"
    assert running_engine(log.parent) == engine.record
    assert (log.parent / "engine.json").stat().st_mode & 0o077 == 0


def test_an_engine_ends_with_who_started_it(tmp_path: Path) -> None:
    """A killed service leaves no engine behind that holds the folder."""
    program = (
        "import sys, time; from pathlib import Path;"
        "from outrider.telemetry_store.engine_process import EngineOptions, EngineProcess;"
        "engine = EngineProcess(EngineOptions(Path(sys.argv[1]))); print(flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", program, tmp_path], stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        starter.stdout.readline()
        record = read_record(tmp_path)
        assert record is not None

        starter.kill()

        until(lambda: not psutil.pid_exists(record.pid))


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        ('{"engine": "99.1"}', "telemetry-newer"),
        ("garbage", "telemetry-damaged"),
        ('{"engine": 5}', "telemetry-damaged"),
        ('{"engine": "0.1"}', ""),
    ],
)
def test_a_folder_of_a_newer_engine_is_refused_before_it_is_opened(tmp_path: Path, content: str, slug: str) -> None:
    """A newer engine's parts may be unreadable, or be damaged by an older one; an older folder is taken over."""
    (tmp_path / "format.json").write_text(content)

    if slug:
        with pytest.raises(TelemetryError) as caught:
            check_format(tmp_path)
        assert caught.value.slug == slug
    else:
        check_format(tmp_path)
        assert json.loads((tmp_path / "format.json").read_text())["engine"] != "0.1"


def below_a_file(folder: Path) -> Path:
    (folder / "file").touch()
    return folder / "file" / "telemetry"


def data_is_a_file(folder: Path) -> Path:
    (folder / "data").touch()
    return folder


@pytest.mark.parametrize("place", [below_a_file, data_is_a_file])
def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path, place: Callable[[Path], Path]) -> None:
    """The message names folder and setting."""
    with pytest.raises(TelemetryError, match="cannot be written") as caught:
        EngineProcess(EngineOptions(place(tmp_path)))

    assert caught.value.slug == "telemetry-read-only"


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Callable[[str], object]]:
    """Mount a disk of a size such as `24m` at a folder, and hand out what gives it another one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield lambda larger: subprocess.run(["mount", "-o", f"remount,size={larger}", folder], check=True)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nobody open a file below a folder to write.

    What is mounted over it is so from its beginning: a mount through which a file is open to write cannot be made so.
    """
    aside = folder.with_name("aside")
    aside.mkdir()
    subprocess.run(["mount", "--bind", folder, aside], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", aside], check=True)
        subprocess.run(["mount", "--bind", aside, folder], check=True)
        yield
    finally:
        subprocess.run(["umount", "-l", folder, aside], check=True)


def test_a_disk_of_the_engine_that_is_full_or_read_only_loses_nothing(tmp_path: Path) -> None:
    """What was acknowledged waits in the spool and is stored once it can be, in the table and in its rollup.

    Queries are answered meanwhile.
    """
    disk, tally = tmp_path / "disk", Tally()
    spool = Spool(tmp_path / "spool", 10**8)
    with small_disk(disk, "24m") as resize, EngineProcess(EngineOptions(disk / "engine", nice=0)) as engine:
        client = ClickHouseClient(ServerAddress.of_engine(engine.record))
        upgrade_schema(client)
        digestion = Digestion(spool, TelemetryTables(client), tally)
        sent = 0
        for _ in range(50):
            spool.write(SignalKind.LOGS, [log_record("shop", os.urandom(4_000).hex()) for _ in range(200)])
            sent += 200
            if not digestion.digest():
                break
        stored = client.command("SELECT count() FROM outrider.otel_logs")

        assert tally.counts()["logs stored"] == int(stored) == sent - 200
        resize("200m")
        assert digestion.digest()
        spool.write(SignalKind.LOGS, [log_record("shop")])
        with read_only(disk):
            assert not digestion.digest()
        assert digestion.digest()

        rollup = "SELECT sum(n) FROM outrider.outrider_logs_1m"
        assert client.query(f"SELECT count(), ({rollup}) FROM outrider.otel_logs").rows == [(sent + 1, sent + 1)]
        client.close()
    assert spool.bytes == 0


def test_what_lacks_the_extra_says_what_to_install(tmp_path: Path) -> None:
    """Everything else works without chDB: here is an installation that has the base requirements of this room only."""
    program = (
        "import sys; sys.path[:0] = sys.argv[1:];"
        "from pathlib import Path; from outrider.model import TelemetryError;"
        "from outrider.telemetry_store import EngineOptions, TelemetryStore\n"
        "try: TelemetryStore.open_embedded(EngineOptions(Path('engine')))\n"
        "except TelemetryError as error: print(error)"
    )
    for package in (lark, psutil):
        folder = Path(str(package.__file__)).parent
        (tmp_path / folder.name).symlink_to(folder)
    source = Path(outrider.__file__).parent.parent

    finished = subprocess.run(
        [sys.executable, "-S", "-c", program, source, tmp_path], check=False, capture_output=True, text=True
    )

    assert "pip install 'outrider[telemetry]'" in finished.stdout, finished.stderr
    assert "[missing-extra]" in finished.stdout
