"""One person's data, over all that a workspace keeps: found, exported, and erased for good."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from outrider.alerts import NotificationKind
from outrider.app.access.audit_trail import command_line_change
from outrider.app.access.requested_path import path_errors
from outrider.app.access.signing_key import signing_key
from outrider.app.access.tombstone_file import TOMBSTONES, add_tombstones, tombstones
from outrider.app.access.workspace_access import now_us, open_store
from outrider.app.errors.error_service import SPOOL_FOLDER, VIEW_SPOOL_FOLDER
from outrider.app.errors.telemetry_inbox import INBOX_FOLDER
from outrider.app.lookup.telemetry_access import ENGINE_FOLDER, open_telemetry
from outrider.app.telemetry.telemetry_ingest import FORWARD_FOLDER
from outrider.app.telemetry.telemetry_ingest import SPOOL_FOLDER as TELEMETRY_SPOOL
from outrider.model import Identifier, IdentifierKind, Person, UsageError, counted
from outrider.real_users import user_digest
from outrider.telemetry import blank_lines, locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from outrider.store import Store
    from outrider.telemetry_store import TelemetryStore
    from outrider.workspace import Workspace

    Tell = Callable[[str], None]

SPOOLS: Final = (SPOOL_FOLDER, VIEW_SPOOL_FOLDER, TELEMETRY_SPOOL, INBOX_FOLDER, FORWARD_FOLDER)
_WAITING: Final = "lines that wait in spools"
_OTHER_FILES: Final = "files of Outrider itself"
_TABLES: Final = {
    "otel_logs": "log records", "otel_traces": "spans", "outrider_page_views": "page views",
}  # fmt: skip
_TEXTS: Final = frozenset({".json", ".jsonl", ".log", ".txt", ".html", ".md", ".csv"})
_LARGE: Final = 256 << 20
_MANIFEST: Final = "manifest.json"
_UNSAFE: Final = re.compile(r"[^\w.-]+")
_NAME_CHARACTERS: Final = 120


@dataclass(frozen=True, slots=True)
class Inventory:
    """What is kept of a person.

    Attributes:
        counts: How many things are theirs, by kind: these go.
        mentions: How many things are about something else and name them: the name goes.
        sought: Where was looked.
        elsewhere: Where copies went that cannot be taken back.
    """

    counts: Mapping[str, int]
    mentions: Mapping[str, int]
    sought: tuple[str, ...]
    elsewhere: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found."""
        return not self.counts and not self.mentions


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased by kind, what names the person still, and how many tombstones keep them out from now on."""

    counts: Mapping[str, int]
    left: tuple[str, ...] = ()
    tombstones: int = 0


@dataclass(slots=True)
class _Export:
    """Files that are being written."""

    folder: Path
    counts: Counter[str] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)


@contextmanager
def open_personal_data(workspace: Workspace, tell: Tell = lambda _text: None) -> Iterator[PersonalData]:
    """Open all that a workspace keeps; its service may run meanwhile.

    Raises:
        TelemetryError: If telemetry is kept and cannot be opened: nobody could say what it holds.
    """
    with ExitStack() as opened:
        store = opened.enter_context(open_store(workspace, to_write=True))
        settings = workspace.telemetry
        is_on = settings is not None and workspace.capabilities.telemetry
        has_any = is_on and (bool(settings and settings.clickhouse) or (workspace.state / ENGINE_FOLDER).exists())
        telemetry = opened.enter_context(open_telemetry(workspace)) if has_any else None
        yield PersonalData(workspace, store, telemetry, tell)


class PersonalData:
    """All that a workspace keeps, searched for one person."""

    def __init__(
        self, workspace: Workspace, store: Store, telemetry: TelemetryStore | None, tell: Tell = lambda _text: None
    ) -> None:
        self._workspace = workspace
        self._state = workspace.state
        self._store = store
        self._telemetry = telemetry
        self._tell = tell

    def person(self, identifiers: Iterable[Identifier]) -> Person:
        """Return who is meant: with the digests of their names, and the sessions that are known to be theirs.

        Raises:
            UsageError: no-identifier.
        """
        given = [own for own in identifiers if own.value.strip()]
        if not given:
            fix = "give --user, --email or --session"
            raise UsageError("nothing says whose data is meant", slug="no-identifier", fix=fix)
        key = signing_key(self._state)
        names = [own.value for own in given if own.kind is not IdentifierKind.SESSION]
        digests = {user_digest(key, project.id, name) for project in self._store.projects.all() for name in names}
        person = Person(given, digests)
        sessions = set(self._store.personal_data.sessions(person))
        if self._telemetry is not None and digests:
            sessions |= self._telemetry.personal_rows.sessions(sorted(digests))
        return person.widened(Identifier(IdentifierKind.SESSION, own) for own in sorted(sessions - person.values))

    def inventory(self, person: Person) -> Inventory:
        """Count what is kept."""
        counts: Counter[str] = Counter()
        mentions: Counter[str] = Counter()
        for record in self._store.personal_data.find(person, self._tell):
            (mentions if record.only_mentions else counts)[record.kind] += 1
        for table, _ in self._rows(person):
            counts[_TABLES.get(table, f"rows of {table}")] += 1
        counts[_WAITING] = sum(1 for _ in self._waiting(person))
        mentions[_OTHER_FILES] = len(list(self._other_files(person)))
        return Inventory(+counts, +mentions, self._sought(), self._elsewhere(person))

    def export(self, person: Person, target: Path) -> Inventory:
        """Write all that is kept into a new folder, or a file that ends in ".zip", with a manifest.

        Raises:
            UsageError: file-exists, unwritable-file.
        """
        if target.exists():
            raise UsageError(
                f"{target} is there already", slug="file-exists", fix="name a file that does not exist yet"
            )
        inventory = self.inventory(person)
        with path_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=target.parent, prefix=".outrider-") as place:
                folder = Path(place) / "data"
                folder.mkdir(mode=0o700)
                self._write(person, _Export(folder), inventory)
                if target.suffix == ".zip":
                    archive = shutil.make_archive(str(Path(place) / "archive"), "zip", folder)
                    Path(archive).chmod(0o600)
                    Path(archive).rename(target)
                else:
                    folder.rename(target)
        self._note("privacy.export", person, inventory.counts)
        return inventory

    def erase(self, person: Person) -> Erasure:
        """Erase what is kept, and keep the person out from now on.

        The tombstone comes first, so that nothing comes in behind; then what waits, then what is stored.
        """
        known = tombstones(self._state)
        written = add_tombstones(self._state, known.made(person, now_us()))
        counts: Counter[str] = Counter()
        self._tell("erasing what waits in spools")
        for path in self._spool_files():
            with locked(path):
                if path.exists():
                    counts[_WAITING] += blank_lines(path, person.is_named_in)
        erased = self._store.personal_data.erase(person, self._tell)
        counts.update(erased.counts)
        left = [*erased.left]
        if self._telemetry is not None:
            rows = self._telemetry.personal_rows.erase(person, self._tell)
            left += rows.left
            for table, count in rows.counts.items():
                counts[_TABLES.get(table, f"rows of {table}")] += count
        counts[_OTHER_FILES] += sum(map(person_hidden(person), self._other_files(person)))
        self._note("privacy.erase", person, +counts)
        return Erasure(+counts, (*left, *self._left(person)), written)

    def erase_again(self) -> Erasure | None:
        """Erase whom tombstones recognise, as after an older state was restored; None if nobody is here."""
        known = tombstones(self._state)
        if not known:
            return None
        self._tell("looking for people who were erased")
        person = self._store.personal_data.recognise(known)
        identifiers = set(person.identifiers) if person is not None else set()
        if self._telemetry is not None:
            identifiers |= self._telemetry.personal_rows.recognise(known)
        return self.erase(Person(identifiers)) if identifiers else None

    def _rows(self, person: Person) -> Iterator[tuple[str, dict[str, Any]]]:
        if self._telemetry is not None:
            self._tell("searching telemetry")
            yield from self._telemetry.personal_rows.find(person)

    def _spool_files(self) -> list[Path]:
        return sorted(path for name in SPOOLS for path in (self._state / name).glob("*-*.*"))

    def _waiting(self, person: Person) -> Iterator[str]:
        for path in self._spool_files():
            with path.open("rb") as lines:
                yield from (text for line in lines if person.is_named_in(text := line.decode("utf-8", "replace")))

    def _other_files(self, person: Person) -> Iterator[Path]:
        """Yield texts below the state folder that name somebody, such as patterns of logs; spools are none of them."""
        spools = {self._state / name for name in SPOOLS}
        engine = self._state / ENGINE_FOLDER
        artifacts = Path(self._workspace.artifacts_url)
        for place, folders, names in os.walk(self._state):
            folder = Path(place)
            folders[:] = [name for name in folders if folder / name not in {engine, artifacts} | spools]
            for name in names:
                path = folder / name
                if path.suffix in _TEXTS and name != TOMBSTONES and _names(path, person):
                    yield path
        yield from (path for path in engine.glob("*.log") if _names(path, person))

    def _left(self, person: Person) -> Iterator[str]:
        """Say what names the person still, in files that are not the store's to change."""
        for path in sorted(self._state.glob("*.before-restore*")):
            yield f"{path}: a store that was replaced; remove it"
        for path in self._other_files(person):
            yield f"{path} names them again: the service wrote it meanwhile; repeat"
        if self._telemetry is None and (self._state / ENGINE_FOLDER).exists():
            yield f"{self._state / ENGINE_FOLDER}: telemetry is switched off, so that it was not searched"

    def _sought(self) -> tuple[str, ...]:
        places = [
            "error events with their attachments, issues and tags", "replays", "files of runs, pictures aside",
            "runs, incidents, notifications and all other rows", "spools", "texts below the state folder",
        ]  # fmt: skip
        if self._telemetry is not None:
            places.append("spans, log records, metrics and page views")
        elif self._workspace.telemetry is None:
            places.append("no telemetry, since none is kept here")
        else:
            places.append("no telemetry, since it is empty or switched off")
        return tuple(places)

    def _elsewhere(self, person: Person) -> tuple[str, ...]:
        settings = self._workspace.telemetry
        places = []
        if settings is not None and settings.forward.url:
            host = urlsplit(settings.forward.url).hostname
            signals = ", ".join(settings.forward.signals)
            places.append(f"{host} gets a copy of {signals} ([telemetry.forward])")
        if self._workspace.otel.endpoint:
            host = urlsplit(self._workspace.otel.endpoint).hostname
            places.append(f"{host} gets runs as traces, with what their steps and errors say ([otel])")
        for receiver, count in self._store.personal_data.delivered(NotificationKind.REPORT).items():
            places.append(f"receiver {receiver} got {counted(count, 'report')}, which were not searched")
        for receiver, count in self._store.personal_data.receivers(person).items():
            places.append(f"receiver {receiver} got {counted(count, 'notification')} that names them")
        return (*places, "backups of before: outrider restore erases again what they bring back")

    def _write(self, person: Person, export: _Export, inventory: Inventory) -> None:
        for record in self._store.personal_data.find(person, self._tell):
            files = [self._copy(export, name, digest) for name, digest in record.files]
            _append(export, record.kind, {"name": record.name, **record.document, "files": files})
        for table, row in self._rows(person):
            _append(export, _TABLES.get(table, table), row)
        for line in self._waiting(person):
            _append(export, _WAITING, {"line": line.strip()})
        manifest = {
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"), "workspace": self._workspace.name,
            "identifiers": [asdict(own) for own in person.identifiers],
            "parts": [
                {"what": kind, "count": count, "file": f"{_slug(kind)}.jsonl"} for kind, count in export.counts.items()
            ],
            "sought": inventory.sought, "elsewhere": inventory.elsewhere, "missing": export.missing,
        }  # fmt: skip
        (export.folder / _MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", "utf-8")

    def _copy(self, export: _Export, name: str, digest: str) -> str:
        place = f"files/{digest[:12]}-{_slug(name)}"
        (export.folder / "files").mkdir(exist_ok=True)
        if not self._store.artifacts.holds(digest):
            export.missing.append(f"{name}: retention removed it")
            return ""
        with self._store.artifacts.open(digest) as source, (export.folder / place).open("wb") as target:
            shutil.copyfileobj(source, target)
        return place

    def _note(self, action: str, person: Person, counts: Mapping[str, int]) -> None:
        """Note in the audit log that it was done, and to whom as far as a digest tells it."""
        digest = tombstones(self._state).made(person, 0)[0].digest[:12]
        detail = ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "nothing was kept"
        self._store.audit.record(command_line_change(action, f"person {digest}", detail))


def person_hidden(person: Person) -> Callable[[Path], bool]:
    """Return what puts stars in the place of a name in a file, as long as before; it returns whether it did."""

    def hide(path: Path) -> bool:
        content = path.read_bytes()
        starred = person.starred(content)
        if starred != content:
            with path.open("r+b") as file:
                file.write(starred)
        return starred != content

    return hide


def _names(path: Path, person: Person) -> bool:
    try:
        return path.stat().st_size <= _LARGE and person.starred(content := path.read_bytes()) != content
    except OSError:  # gone, or not ours to read
        return False


def _append(export: _Export, kind: str, document: Mapping[str, object]) -> None:
    export.counts[kind] += 1
    path = export.folder / f"{_slug(kind)}.jsonl"
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(document, ensure_ascii=False, default=str) + "\n")


def _slug(text: str) -> str:
    return _UNSAFE.sub("-", text).strip("-.")[-_NAME_CHARACTERS:]
