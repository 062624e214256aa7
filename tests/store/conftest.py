"""What the tests of this room share: stores in empty folders, and runs to put into them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.builders import provide_database, run_of
from tests.store import s3_server

from outrider.model import (
    ArtifactFile,
    ArtifactKind,
    Attempt,
    Circumstances,
    Measurement,
    Outcome,
    Run,
    Sample,
    Step,
    StepKind,
)
from outrider.store import Store
from outrider.store.database import open_database

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.store.s3_server import S3Server

NOW_US = 1_800_000_000_000_000
SECOND_US = 1_000_000


@dataclass
class Place:
    """Where one store lies, and how to open it."""

    url: str
    artifacts: Path

    def open(self, **options: Any) -> Store:
        if self.url.startswith("sqlite:///"):
            provide_database(Path(self.url.removeprefix("sqlite:///")))
        return Store.open(self.url, artifacts=self.artifacts, **options)

    def rows(self, *tables: str) -> dict[str, int]:
        """Return how many rows tables have."""
        database = open_database(self.url)
        with database.reading() as connection:
            counts = {
                table: connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() for table in tables
            }
        database.close()
        return counts


@dataclass
class Maker:
    """Makes runs, each a minute after the last, and the files that they leave."""

    scratch: Path
    made: int = field(default=0)

    def measurement(self, **changes: Any) -> Measurement:
        plain = Measurement(
            outcome=Outcome.PASSED,
            reason="",
            started_us=NOW_US,
            duration_ms=650.0,
            steps=(Step("pay", "Pay", StepKind.NAMED, 10.0, 250.5),),
            samples=(Sample("", "duration_ms", 650.0), Sample("pay", "duration_ms", 250.5)),
        )
        return replace(plain, **changes)

    def attempt(self, number: int = 1, *, measured: bool = True, evidence: bool = False, **changes: Any) -> Attempt:
        return Attempt(number, measured, evidence, self.measurement(**changes))

    def run(self, check: str = "journey:shop.py::test_pay", *attempts: Attempt, **changes: Any) -> Run:
        self.made += 1
        due_us = changes.get("due_us", NOW_US + self.made * 60 * SECOND_US)
        plain = run_of(
            self.measurement(),
            check,
            due_us=due_us,
            started_us=due_us + 5,
            finished_us=due_us + SECOND_US,
            circumstances=Circumstances("1.0", "chromium 140", "0.1.0", "ada", "5eed"),
        )
        return replace(plain, attempts=attempts or plain.attempts, **changes)

    def runs(self, count: int, check: str = "journey:shop.py::test_pay") -> Sequence[Run]:
        return [self.run(check) for _ in range(count)]

    def file(self, content: bytes, name: str = "trace.zip", kind: ArtifactKind = ArtifactKind.TRACE) -> ArtifactFile:
        self.made += 1
        path = self.scratch / f"{self.made}-{name}"
        path.write_bytes(content)
        return ArtifactFile(kind, name, "application/zip", path)


REVISION_0031 = ("DROP TABLE load_shares", "UPDATE alembic_version SET version_num = '0030'")
REVISION_0030 = (
    *REVISION_0031,
    "DROP TABLE upload_parts",
    "DROP TABLE service_keys",
    "UPDATE alembic_version SET version_num = '0029'",
)
REVISION_0029 = (
    *REVISION_0030,
    "DROP TABLE location_results",
    "DROP TABLE location_workers",
    "DROP TABLE locations",
    "ALTER TABLE queue DROP COLUMN worker",
    "ALTER TABLE queue DROP COLUMN lease",
    "UPDATE alembic_version SET version_num = '0028'",
)
REVISION_0026 = (*REVISION_0029, "DROP TABLE event_attachments", "UPDATE alembic_version SET version_num = '0025'")
"""What undoes the latest revision, so that a database of the one before it is at hand with whatever a test stored."""

REVISION_0025 = (*REVISION_0026, "DROP TABLE release_commits", "UPDATE alembic_version SET version_num = '0024'")
"""What undoes the revision and those after it."""

REVISION_0024 = (
    *REVISION_0025,
    "DROP TABLE release_days",
    "DROP TABLE release_hours",
    "UPDATE alembic_version SET version_num = '0023'",
)
"""What undoes the revision and those after it."""

REVISION_0023 = (*REVISION_0024, "DROP TABLE replays", "UPDATE alembic_version SET version_num = '0022'")
"""What undoes the revision and those after it."""

REVISION_0022 = (*REVISION_0023, "DROP TABLE source_maps", "UPDATE alembic_version SET version_num = '0021'")
"""What undoes the revision and those after it."""

REVISION_0021 = (*REVISION_0022, "DROP TABLE saved_views", "UPDATE alembic_version SET version_num = '0020'")
"""What undoes the revision and those after it."""

REVISION_0020 = (
    *REVISION_0021,
    "DROP TABLE project_keys",
    "DROP TABLE projects",
    "UPDATE alembic_version SET version_num = '0019'",
)
"""What undoes the revision and those after it."""

_ISSUE_TABLES = (
    "issue_keys", "error_event_ids", "error_events", "issue_hours", "issue_tags", "issue_notes", "error_releases",
    "issues",
)  # fmt: skip
REVISION_0019 = (
    *REVISION_0020,
    *(f"DROP TABLE {table}" for table in _ISSUE_TABLES), "UPDATE alembic_version SET version_num = '0018'",
)  # fmt: skip
"""What undoes the revision and those after it."""

REVISION_0018 = (
    *REVISION_0019,
    "DROP TABLE trace_link",
    "ALTER TABLE attempts ADD COLUMN trace_ids BYTEA",
    "UPDATE alembic_version SET version_num = '0017'",
)
"""What undoes the revision and those after it."""

REVISION_0017 = (*REVISION_0018, "DROP TABLE load_seconds", "UPDATE alembic_version SET version_num = '0016'")
"""What undoes the revision and those after it."""

REVISION_0016 = (
    *REVISION_0017,
    "ALTER TABLE acknowledgements DROP COLUMN assignee",
    "DROP TABLE incident_comments", "DROP TABLE annotations", "DROP TABLE setting_overrides",
    "UPDATE alembic_version SET version_num = '0015'",
)  # fmt: skip
"""What undoes the revision and those after it."""

REVISION_0015 = (*REVISION_0016, "DROP TABLE status_updates", "UPDATE alembic_version SET version_num = '0014'")
"""What undoes the revision and those after it."""

REVISION_0014 = (*REVISION_0015, "DROP TABLE gates", "UPDATE alembic_version SET version_num = '0013'")
"""What undoes the revision and those after it."""

REVISION_0013 = (
    *REVISION_0014,
    "DROP TABLE users", "DROP TABLE sessions", "DROP TABLE tokens", "DROP TABLE audit_entries",
    "UPDATE alembic_version SET version_num = '0012'",
)  # fmt: skip
"""What undoes the revision and those after it."""

REVISION_0012 = (
    *REVISION_0013,
    "DROP TABLE beat_calls", "DROP TABLE beat_looks", "DROP TABLE listening",
    "CREATE TABLE beats (check_key BIGINT PRIMARY KEY, at_us BIGINT, exit_code INTEGER, note TEXT)",
    "UPDATE alembic_version SET version_num = '0011'",
)  # fmt: skip
"""What undoes the revision and those after it."""

REVISION_0011 = (*REVISION_0012, "DROP TABLE unjudged_series", "UPDATE alembic_version SET version_num = '0010'")
"""What undoes the revision and those after it."""

REVISION_0010 = (
    *REVISION_0011,
    "ALTER TABLE runs DROP COLUMN due_count",
    "UPDATE alembic_version SET version_num = '0009'",
)
"""What undoes the revision and those after it."""

REVISION_0009 = (
    *REVISION_0010,
    "DROP TABLE aggregate_hours",
    "DROP TABLE late_aggregates",
    "ALTER TABLE series RENAME COLUMN subject_key TO check_key",
    "DROP INDEX ix_subjects_alias_of",
    "ALTER TABLE subjects RENAME TO checks",
    "CREATE INDEX ix_checks_alias_of ON checks (alias_of)",
    "UPDATE alembic_version SET version_num = '0008'",
)
"""And the one before."""


def take_back(place: Place, *statements: str) -> None:
    """Run statements on the database file, as a program of an earlier revision left it."""
    with closing(sqlite3.connect(place.url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """Yield one server: s3fs keeps a client of each address of a bucket, whatever the variables say later."""
    with s3_server.started() as server:
        yield server


@pytest.fixture
def make(tmp_path: Path) -> Maker:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Maker(scratch)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return an empty place for an SQLite file; `contract` has those of every database."""
    return Place(f"sqlite:///{tmp_path}/outrider.db", tmp_path / "artifacts")


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    with place.open() as opened:
        yield opened
