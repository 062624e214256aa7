"""Copies of the engine's tables as files, and what is put back of them.

A table is frozen, which links the files of its parts, and these are copied: `TABLE/PART/…` below the copy's folder.
To put it back, parts are attached to an empty table beside each one, which reads and checks them; only then does each
partition take the place of the one before.
"""

from __future__ import annotations

import os
import re
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Final

from outrider.model import TelemetryError
from outrider.telemetry_store.engine_record import DATA, check_readable, record_format
from outrider.telemetry_store.host_schema import TABLE as HOST_TABLE
from outrider.telemetry_store.schema_upgrade import run_step
from outrider.telemetry_store.telemetry_schema import HOST_STEP, PARTITIONED_BY_DAY, ROLLUPS

if TYPE_CHECKING:
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

_TABLES: Final = (*PARTITIONED_BY_DAY, *ROLLUPS)
_FRESH: Final = "_restored"
_FROZEN: Final = "outrider_backup_"
_PART: Final = re.compile(r"[\w-]+")
_NO_LIMIT: Final = {"max_partition_size_to_drop": 0, "max_table_size_to_drop": 0}


class TableCopies:
    """Copies tables of an engine of this machine, and puts copies back.

    Args:
        client: Of the engine.
        folder: The engine's, where its data lies.
    """

    def __init__(self, client: ClickHouseClient, folder: Path) -> None:
        self._client = client
        self._folder = folder

    def copy_to(self, target: Path) -> int:
        """Copy all tables into a folder; return how many bytes they have.

        Each table is copied as of one moment. On the same disk files are linked.

        Raises:
            TelemetryError: If the engine refuses.
            OSError: If the target cannot be written.
        """
        shadow = self._folder / DATA / "shadow"
        for left in shadow.glob(f"{_FROZEN}*"):  # of a copy that was cut off
            shutil.rmtree(left)
        name = f"{_FROZEN}{uuid.uuid4().hex}"
        target.mkdir(parents=True, exist_ok=True)
        size = 0
        try:
            for table in _TABLES:
                self._alter(table, f"FREEZE WITH NAME '{name}'")
                for part in (shadow / name).glob(f"store/*/{self._path(table).name}/*"):
                    size += _copy(part, target / table / part.name)
        finally:
            shutil.rmtree(shadow / name, ignore_errors=True)
        record_format(target)
        return size

    def put_back(self, source: Path) -> None:
        """Replace what all tables hold by a copy; a table that the copy lacks is emptied, that of hosts filled anew.

        Raises:
            TelemetryError: telemetry-newer, telemetry-damaged; then nothing is replaced.
            OSError: If the copy cannot be read.
        """
        check_readable(source)
        try:
            for table in _TABLES:
                self._attach(table, source / table)
            for table in _TABLES:
                self._replace(table)
            if not (source / HOST_TABLE).exists():  # a copy of before schema 6
                run_step(self._client, HOST_STEP)
        finally:
            for table in _TABLES:
                self._client.command(f"DROP TABLE IF EXISTS {self._name(table + _FRESH)} SYNC", _NO_LIMIT)

    def _attach(self, table: str, source: Path) -> None:
        fresh = table + _FRESH
        self._client.command(f"DROP TABLE IF EXISTS {self._name(fresh)} SYNC", _NO_LIMIT)
        self._client.command(f"CREATE TABLE {self._name(fresh)} AS {self._name(table)}")
        detached = self._path(fresh) / "detached"
        for part in sorted(source.glob("*")):
            if not _PART.fullmatch(part.name):
                continue
            shutil.copytree(part, detached / part.name)  # no links: the engine writes into what it attaches
            try:
                self._alter(fresh, f"ATTACH PART '{part.name}'")
            except TelemetryError as error:
                raise _damaged(part, error.what) from None
        if self._client.command(f"CHECK TABLE {self._name(fresh)}", {"check_query_single_value_result": 1}) != "1":
            raise _damaged(source, "its checksums are others")

    def _replace(self, table: str) -> None:
        old, fresh = self._partitions(table), self._partitions(table + _FRESH)
        for partition in sorted(fresh):
            self._alter(table, f"REPLACE PARTITION ID '{partition}' FROM {self._name(table + _FRESH)}")
        for partition in sorted(old - fresh):
            self._alter(table, f"DROP PARTITION ID '{partition}'")

    def _partitions(self, table: str) -> set[str]:
        sql = (
            "SELECT DISTINCT partition_id FROM system.parts"
            " WHERE active AND database = {d:String} AND table = {t:String}"
        )
        return {row[0] for row in self._client.query(sql, {"d": self._client.database, "t": table}).rows}

    def _alter(self, table: str, action: str) -> None:
        self._client.command(f"ALTER TABLE {self._name(table)} {action}", _NO_LIMIT)

    def _path(self, table: str) -> Path:
        sql = "SELECT data_paths[1] FROM system.tables WHERE database = {d:String} AND name = {t:String}"
        return Path(self._client.query(sql, {"d": self._client.database, "t": table}).rows[0][0])

    def _name(self, table: str) -> str:
        return f"`{self._client.database}`.{table}"


def _damaged(part: Path, reason: str) -> TelemetryError:
    fix = "restore another backup, or leave telemetry out: --no-telemetry"
    return TelemetryError(f"{part} is damaged: {reason}", slug="telemetry-damaged", fix=fix)


def _copy(part: Path, target: Path) -> int:
    """Copy the files of a part, by hard link where that is possible: they never change; return their bytes."""

    def linked(source: str, copy: str) -> str:
        try:
            os.link(source, copy)
        except OSError:
            shutil.copyfile(source, copy)
        return copy

    shutil.copytree(part, target, copy_function=linked)
    return sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
