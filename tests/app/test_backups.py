"""Backups of a store, and what is put back."""

from __future__ import annotations

import resource
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.builders import new_store
from tests.scheduler.conftest import NOW_US, check, made

from outrider.app.upkeep.backups import make_backup, put_back
from outrider.model import QueueEntry, RunId, StoreError, UsageError, new_run_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.store import Store

MEMORY = Path("/dev/shm")
"""Another file system than that of temporary files, as a rule."""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a folder with a store of one run and one artifact."""
    with opened(tmp_path) as store:
        entry = QueueEntry(RunId(new_run_id(NOW_US)), check().id, "local", NOW_US)
        store.runs.record(made(entry, check(), NOW_US))
        (tmp_path / "artifacts/ab").mkdir(parents=True)
        (tmp_path / "artifacts/ab/cd").write_text("evidence")
        (tmp_path / "artifacts/incoming").mkdir(exist_ok=True)
        (tmp_path / "artifacts/incoming/half").write_text("not whole yet")
        backup = make_backup(store, str(tmp_path / "artifacts"), tmp_path / "backup")
    assert backup.artifacts == 1
    assert backup.database_bytes == (tmp_path / "backup/outrider.db").stat().st_size
    return tmp_path


def opened(folder: Path) -> Store:
    return new_store(folder / "outrider.db", artifacts=folder / "artifacts")


def test_a_backup_is_one_database_and_its_artifacts(site: Path) -> None:
    """Nothing that is not whole, and nothing else."""
    files = {path.relative_to(site / "backup").as_posix() for path in (site / "backup").rglob("*") if path.is_file()}

    assert files == {"outrider.db", "artifacts/ab/cd"}


def test_what_is_put_back_is_as_it_was(site: Path) -> None:
    """Into a folder that is not there yet."""
    put_back(site / "backup", f"sqlite:///{site}/new/outrider.db", str(site / "new/artifacts"), force=False)

    with opened(site / "new") as store:
        assert len(store.runs.search()) == 1
    assert (site / "new/artifacts/ab/cd").read_text() == "evidence"
    assert not (site / "new/outrider.db.restoring").exists()


def test_a_store_is_replaced_by_force_only_and_kept_beside(site: Path) -> None:
    """Whoever regrets it finds the one before."""
    url = f"sqlite:///{site}/outrider.db"
    with pytest.raises(UsageError) as caught:
        put_back(site / "backup", url, str(site / "artifacts"), force=False)
    put_back(site / "backup", url, str(site / "artifacts"), force=True)

    assert caught.value.slug == "store-exists"
    assert (site / "outrider.db").exists()
    assert (site / "outrider.db.before-restore").exists()


def test_a_backup_goes_into_a_new_folder_only(site: Path) -> None:
    """Two backups in one would be none."""
    with opened(site) as store, pytest.raises(UsageError) as caught:
        make_backup(store, str(site / "artifacts"), site / "backup")

    assert caught.value.slug == "backup-exists"


def test_artifacts_behind_an_address_are_not_copied(site: Path) -> None:
    """They have backups of their own."""
    with opened(site) as store:
        assert make_backup(store, "s3://bucket/artifacts", site / "other").artifacts == 0
    put_back(site / "other", f"sqlite:///{site}/far/outrider.db", "memory://far", force=False)

    assert not (site / "other/artifacts").exists()


@pytest.mark.parametrize(
    ("folder", "url", "slug"),
    [("nowhere", "sqlite:///{}/x.db", "no-backup"), ("backup", "postgresql://x/y", "store-url")],
)
def test_what_cannot_be_put_back_says_why(site: Path, folder: str, url: str, slug: str) -> None:
    """A folder without a database, and a store that is no file."""
    with pytest.raises((UsageError, StoreError)) as caught:
        put_back(site / folder, url.format(site), str(site / "artifacts"), force=False)

    assert caught.value.slug == slug


def test_a_damaged_backup_replaces_nothing(site: Path) -> None:
    """It is read before anything is moved."""
    (site / "backup/outrider.db").write_bytes(b"no database" * 1000)
    before = (site / "outrider.db").read_bytes()
    with pytest.raises(StoreError) as caught:
        put_back(site / "backup", f"sqlite:///{site}/outrider.db", str(site / "artifacts"), force=True)

    assert str(caught.value).startswith(f"{site}/backup/outrider.db: the database is damaged")
    assert "name another backup" in caught.value.fix
    assert (site / "outrider.db").read_bytes() == before
    assert list(site.glob("*.restoring*")) == []


def test_an_empty_file_is_no_backup(site: Path) -> None:
    """SQLite would make a new store of it: the copy of a backup that a full disk cut may be such a file."""
    (site / "backup/outrider.db").write_bytes(b"")
    before = (site / "outrider.db").read_bytes()
    with pytest.raises(UsageError) as caught:
        put_back(site / "backup", f"sqlite:///{site}/outrider.db", str(site / "artifacts"), force=True)

    assert caught.value.slug == "no-backup"
    assert (site / "outrider.db").read_bytes() == before


@contextmanager
def room_for(most_bytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_there_is_no_room_for_leaves_nothing_half_copied(site: Path) -> None:
    """An artifact that was cut would be taken for the whole one by whoever puts the backup back again."""
    if not MEMORY.is_dir() or MEMORY.stat().st_dev == site.stat().st_dev:
        pytest.skip("there is no other file system: files are linked, not copied")
    content = b"evidence" * 500_000
    (site / "backup/artifacts/ab/ef").write_bytes(content)
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        url, artifacts = f"sqlite:///{folder}/outrider.db", Path(folder, "artifacts")

        refusals = []
        for most_bytes in (100_000, 1_000_000):  # less than the database has, and more
            with room_for(most_bytes), pytest.raises(UsageError) as caught:
                put_back(site / "backup", url, str(artifacts), force=False)
            refusals.append(str(caught.value))
        left = {path.name for path in Path(folder).rglob("*") if path.is_file()}
        put_back(site / "backup", url, str(artifacts), force=False)

        assert all(folder in refusal and "File too large" in refusal for refusal in refusals)
        assert left <= {"cd"}
        assert (artifacts / "ab/ef").read_bytes() == content
