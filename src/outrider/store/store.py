"""The store: one database and one artifact folder, opened together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from outrider.model import Retention, StoreError
from outrider.store.access_tables import AuditTable, SessionTable, TokenTable, UserTable, shared_key
from outrider.store.alert_tables import IncidentTable, OutboxTable, SilenceTable
from outrider.store.analysis_tables import AnalysisTable
from outrider.store.annotation_tables import AnnotationTable, OverrideTable
from outrider.store.artifact_folder import open_folder
from outrider.store.attachment_table import AttachmentTable
from outrider.store.check_tables import CheckTable, HeartbeatTable, ProofTable
from outrider.store.database import Database, open_database, open_to_read
from outrider.store.error_table import ErrorTable
from outrider.store.gate_table import GateTable
from outrider.store.history_table import HistoryTable
from outrider.store.load_progress_table import LoadProgressTable
from outrider.store.load_share_table import LoadShareTable
from outrider.store.location_table import LocationTable
from outrider.store.personal_data_table import PersonalDataTable
from outrider.store.project_table import ProjectTable
from outrider.store.pruner import prune
from outrider.store.release_commit_table import ReleaseCommitTable
from outrider.store.release_health_table import ReleaseHealthTable
from outrider.store.replay_table import ReplayTable
from outrider.store.run_table import RunTable
from outrider.store.run_writer import Writer
from outrider.store.schedule_table import ScheduleTable
from outrider.store.series_tables import AggregateTable, JudgementTable, RollupTable, SeriesTable
from outrider.store.size_query import read_size
from outrider.store.source_map_table import SourceMapTable
from outrider.store.status_table import StatusTable
from outrider.store.trace_link_table import TraceLinkTable
from outrider.store.view_table import ViewTable

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from outrider.model import (
        AggregateLog,
        AnnotationLog,
        ArtifactStore,
        AttachmentLog,
        AuditLog,
        CheckHistory,
        CheckRegistry,
        CommitLog,
        ErrorLog,
        GateLog,
        HeartbeatLog,
        IncidentLog,
        JudgeMemory,
        LoadProgressLog,
        LoadShareLog,
        LocationLog,
        Outbox,
        OverrideLog,
        PersonalDataLog,
        ProjectRegistry,
        ProofLog,
        Pruned,
        ReleaseHealthLog,
        ReplayLog,
        RollupReader,
        RunLog,
        ScheduleQueue,
        SeriesReader,
        SessionLog,
        SilenceLog,
        SourceMapLog,
        StatusLog,
        StoreSize,
        TableReader,
        TokenLog,
        TraceLinkLog,
        UserDirectory,
        ViewLog,
    )

_DEFAULT_RETENTION = Retention()


class Store:
    """An open database and artifact folder; its attributes are the ports of `outrider.model.ports`."""

    runs: RunLog
    checks: CheckRegistry
    proofs: ProofLog
    heartbeats: HeartbeatLog
    series: SeriesReader
    aggregates: AggregateLog
    rollups: RollupReader
    history: CheckHistory
    tables: TableReader
    judgements: JudgeMemory
    incidents: IncidentLog
    outbox: Outbox
    silences: SilenceLog
    schedule: ScheduleQueue
    users: UserDirectory
    sessions: SessionLog
    tokens: TokenLog
    audit: AuditLog
    annotations: AnnotationLog
    overrides: OverrideLog
    views: ViewLog
    gates: GateLog
    status_updates: StatusLog
    load_progress: LoadProgressLog
    load_shares: LoadShareLog
    locations: LocationLog
    trace_links: TraceLinkLog
    projects: ProjectRegistry
    errors: ErrorLog
    attachments: AttachmentLog
    commits: CommitLog
    release_health: ReleaseHealthLog
    source_maps: SourceMapLog
    replays: ReplayLog
    personal_data: PersonalDataLog
    artifacts: ArtifactStore

    def __init__(self, database: Database, folder: ArtifactStore) -> None:
        self._database = database
        self._writer = writer = Writer(database, folder)
        self.artifacts = folder
        self.runs = RunTable(database, writer, folder)
        self.checks = CheckTable(database, writer)
        self.proofs = ProofTable(database, writer)
        self.heartbeats = HeartbeatTable(database, writer)
        self.series = SeriesTable(database)
        self.aggregates = AggregateTable(database, writer)
        self.rollups = RollupTable(database)
        self.history = HistoryTable(database)
        self.tables = AnalysisTable(database)
        self.judgements = JudgementTable(database, writer)
        self.incidents = IncidentTable(database, writer)
        self.outbox = OutboxTable(database, writer)
        self.silences = SilenceTable(database, writer)
        self.schedule = ScheduleTable(database, writer)
        self.users = UserTable(database, writer)
        self.sessions = SessionTable(database, writer)
        self.tokens = TokenTable(database, writer)
        self.audit = AuditTable(database, writer)
        self.annotations = AnnotationTable(database, writer)
        self.overrides = OverrideTable(database, writer)
        self.views = ViewTable(database, writer)
        self.gates = GateTable(database, writer)
        self.status_updates = StatusTable(database, writer)
        self.load_progress = LoadProgressTable(database, writer)
        self.load_shares = LoadShareTable(database, writer)
        self.locations = LocationTable(database, writer)
        self.trace_links = TraceLinkTable(database)
        self.projects = ProjectTable(database, writer)
        self.errors = ErrorTable(database, writer)
        self.attachments = AttachmentTable(database, writer, folder)
        self.commits = ReleaseCommitTable(database, writer)
        self.release_health = ReleaseHealthTable(database, writer)
        self.source_maps = SourceMapTable(database, writer, folder)
        self.replays = ReplayTable(database, writer, folder)
        self.personal_data = PersonalDataTable(database, writer, folder)

    @classmethod
    def open(
        cls,
        url_or_path: str | Path,
        *,
        artifacts: str | Path,
        artifact_cache: Path | None = None,
        busy_timeout_s: float = 30.0,
        max_bytes: int | None = None,
        to_write: bool = False,
    ) -> Self:
        """Open a store, creating it or bringing it up to date where needed.

        One that is up to date and may not be written, such as a copy on a disk that is mounted read-only, can be read;
        whatever writes to it raises store-read-only.

        Args:
            url_or_path: The database: a file, or a URL as SQLAlchemy writes it.
            artifacts: A folder, or a URL that fsspec understands.
            artifact_cache: A folder for copies of artifacts behind a URL, and for those that cannot be sent there yet.
            busy_timeout_s: How long to wait while another process writes.
            max_bytes: Size that the database file may grow to (SQLite only).
            to_write: Whether one that can only be read is refused.

        Raises:
            StoreError: store-url, store-newer, store-foreign, store-damaged, store-read-only, store-locked, store-full
                or store-unreachable.
        """
        try:
            folder = open_folder(artifacts, cache=artifact_cache)
            return cls(open_database(url_or_path, busy_timeout_s=busy_timeout_s, max_bytes=max_bytes), folder)
        except StoreError as error:
            database = open_to_read(url_or_path) if error.slug == "store-read-only" and not to_write else None
            if database is None:
                raise
            return cls(database, open_folder(artifacts, to_read=True))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    @property
    def is_shared(self) -> bool:
        """Whether a server keeps the database, which other hosts may use too."""
        return self._database.engine.dialect.name != "sqlite"

    def shared_key(self, name: str, proposed: bytes) -> bytes:
        """Return the key of this name that all services on the store use: that of the first that proposed one.

        Raises:
            StoreError: If the store cannot be used.
        """
        return shared_key(self._database, self._writer, name, proposed)

    def renewed(self) -> bool:
        """Open the database anew if its file was removed or replaced; return whether that was so.

        Raises:
            StoreError: As `open` does.
        """
        was_renewed = self._database.renewed()
        if was_renewed:
            self._writer.forget()
        return was_renewed

    def copy_to(self, target: Path) -> None:
        """Write one state of the database into a new file while others read and write (SQLite only).

        Raises:
            StoreError: store-url if the database is no SQLite file.
        """
        self._database.copy_to(target)

    def size(self, now_us: int, policy: Retention = _DEFAULT_RETENTION) -> StoreSize:
        """Return how much is kept, and what pruning frees in the time ahead; it may take seconds, and changes nothing.

        Raises:
            StoreError: If the database cannot be read.
        """
        return read_size(self._database, now_us, policy)

    def prune(self, now_us: int, policy: Retention = _DEFAULT_RETENTION) -> Pruned:
        """Make rollups, then remove expired data; return how much was removed.

        It works in short transactions with pauses between them, so that writers do not wait, and may take long. It may
        be stopped at any moment, and run in several processes at once.
        """
        self._database.remove_former(now_us)
        return prune(self._database, self.artifacts, now_us, policy)
