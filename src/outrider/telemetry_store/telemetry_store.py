"""Telemetry in a running engine, one of its own, or a ClickHouse server: schema, inserts, queries, retention."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from outrider.model import TelemetryError, TelemetryUnavailable
from outrider.telemetry_store.admin_sql import AdminSql
from outrider.telemetry_store.call_rollup import CallRollup
from outrider.telemetry_store.clickhouse_client import ClickHouseClient, ServerAddress
from outrider.telemetry_store.engine_process import EngineProcess, running_engine
from outrider.telemetry_store.engine_record import check_extra
from outrider.telemetry_store.page_view_search import PageViewSearch
from outrider.telemetry_store.partition_pruner import DroppedPart, PartitionPruner, TelemetryRetention
from outrider.telemetry_store.personal_rows import PersonalRows
from outrider.telemetry_store.schema_upgrade import upgrade_schema
from outrider.telemetry_store.table_copies import TableCopies
from outrider.telemetry_store.telemetry_inserts import TelemetryTables

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from outrider.telemetry_store.clickhouse_client import Answer
    from outrider.telemetry_store.engine_process import EngineOptions
    from outrider.telemetry_store.telemetry_search import QueryLimits


class TelemetryStore(TelemetryTables, PageViewSearch):
    """Takes batches and answers queries, from any thread; a context closes it.

    It implements the ports `TelemetryInserts`, `TelemetryReader`, `ServiceReader` and `RealUserReader`.
    """

    def __init__(
        self, client: ClickHouseClient, *, engine: EngineProcess | None = None, limits: QueryLimits | None = None
    ) -> None:
        TelemetryTables.__init__(self, client)
        PageViewSearch.__init__(self, client, limits=limits)
        self._engine = engine
        self._pruner = PartitionPruner(client)
        self._calls = CallRollup(client)
        self.personal_rows = PersonalRows(client)

    @classmethod
    def open_embedded(cls, options: EngineOptions, *, limits: QueryLimits | None = None) -> Self:
        """Reach the engine that serves a folder; start one that ends with this store where none does.

        Raises:
            TelemetryError: See `EngineProcess`, and telemetry-newer.
            TelemetryUnavailable: telemetry-start.
        """
        check_extra()
        record = running_engine(options.folder)
        if record is not None:
            try:
                return cls._opened(ServerAddress.of_engine(record), limits)
            except TelemetryUnavailable:
                pass  # it has just ended, or another process has its number
        try:
            engine = EngineProcess(options)
        except TelemetryError as error:
            record = running_engine(options.folder) if error.slug == "telemetry-locked" else None
            if record is None:
                raise
            return cls._opened(ServerAddress.of_engine(record), limits)  # another one was quicker
        try:
            return cls._opened(ServerAddress.of_engine(engine.record), limits, engine)
        except BaseException:
            engine.close()
            raise

    @classmethod
    def open_running(cls, options: EngineOptions, *, limits: QueryLimits | None = None) -> Self:
        """Reach the engine that serves a folder, and start none.

        Raises:
            TelemetryError: missing-extra, telemetry-newer.
            TelemetryUnavailable: telemetry-unreachable.
        """
        check_extra()
        record = running_engine(options.folder)
        if record is None:
            fix = "wait for `outrider up` to start it; where it does not, the log and engine.log say why"
            raise TelemetryUnavailable("the telemetry engine does not run", slug="telemetry-unreachable", fix=fix)
        return cls._opened(ServerAddress.of_engine(record), limits)

    @classmethod
    def open_server(cls, url: str, *, password: str = "", limits: QueryLimits | None = None) -> Self:
        """Reach a ClickHouse server.

        Args:
            url: `https://user@host:8443/database`.
            password: Of the user.
            limits: Of each query.

        Raises:
            TelemetryError: missing-extra, telemetry-url, telemetry-newer, telemetry-refused.
            TelemetryUnavailable: telemetry-unreachable.
        """
        check_extra(needs_engine=False)
        address = ServerAddress.of_url(url)
        return cls._opened(replace(address, password=password) if password else address, limits)

    @classmethod
    def _opened(cls, address: ServerAddress, limits: QueryLimits | None, engine: EngineProcess | None = None) -> Self:
        client = ClickHouseClient(address)
        try:
            upgrade_schema(client)
        except BaseException:
            client.close()
            raise
        return cls(client, engine=engine, limits=limits)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def select(self, sql: str, *, limit: int) -> Answer:
        """Return the first rows that an administrator's SELECT of tables of telemetry finds; see `AdminSql`.

        Raises:
            UsageError: sql-refused.
            TelemetryError: telemetry-limit beyond a limit.
        """
        return AdminSql(self._client, self._limits).select(sql, limit=limit)

    def prune(self, kept: TelemetryRetention, now_s: float | None = None) -> tuple[DroppedPart, ...]:
        """Remove what is too old, and the oldest of what is too much; return what was removed."""
        return self._pruner.prune(kept, time.time() if now_s is None else now_s)

    def roll_up_calls(self) -> int:
        """Count who called whom in the minutes that have settled; return how many minutes are left to count.

        Raises:
            TelemetryError: If the store refuses.
            TelemetryUnavailable: If the same call may succeed later.
        """
        return self._calls.roll_up()

    def copy_to(self, target: Path, options: EngineOptions) -> int:
        """Copy all tables into a folder, while others read and write; return how many bytes they have.

        Args:
            target: Made if it is missing.
            options: Of the engine of this machine that this store has.

        Raises:
            TelemetryError: If the engine refuses.
            OSError: If the target cannot be written.
        """
        return TableCopies(self._client, options.folder).copy_to(target)

    def put_back(self, source: Path, options: EngineOptions) -> None:
        """Replace all tables by what `copy_to` copied; if that is damaged, nothing is replaced.

        Raises:
            TelemetryError: telemetry-newer, telemetry-damaged.
            OSError: If the copy cannot be read.
        """
        TableCopies(self._client, options.folder).put_back(source)

    def bytes_on_disk(self) -> int:
        """Return how much all tables take."""
        return self._pruner.bytes_on_disk()

    def restart_engine(self) -> bool:
        """Start the engine anew if it was started for this store and has ended; return whether it was.

        Raises:
            TelemetryError: If it does not start.
        """
        if self._engine is None or self._engine.is_running:
            return False
        ended = self._engine
        ended.close()
        self._engine = EngineProcess(ended.options)
        self._client.move(ServerAddress.of_engine(self._engine.record))
        return True

    def reach_again(self, folder: Path) -> None:
        """Go on with the engine that serves a folder now, where another process has started it anew."""
        record = running_engine(folder)
        if record is not None and self._engine is None:
            self._client.move(ServerAddress.of_engine(record))

    def close(self) -> None:
        """Close connections, and the engine if it was started for this store."""
        self._client.close()
        if self._engine is not None:
            self._engine.close()
