"""One unmistakable person in every kind of store, erased: nothing is left of them, and nothing of them comes back."""

from __future__ import annotations

import json
import subprocess
import zipfile
from dataclasses import replace
from importlib.util import find_spec
from shutil import copyfile
from typing import TYPE_CHECKING, Any

import pytest
from tests.builders import provide_database, run_of
from tests.cli.conftest import invoke
from tests.dashboard.telemetry_scene import page_view
from tests.store.conftest import NOW_US, Maker
from tests.telemetry_store.samples import log_record, span

from outrider.app import back_up, find_workspace, open_personal_data, open_store, open_telemetry, restore_backup
from outrider.app.access.signing_key import signing_key
from outrider.app.access.tombstone_file import TOMBSTONES, FollowedTombstones, tombstones
from outrider.app.errors.error_projects import KeyRequest, add_project
from outrider.app.upkeep.personal_data import SPOOLS
from outrider.model import (
    ArtifactFile,
    ArtifactKind,
    ErrorEvent,
    ErrorException,
    ErrorUser,
    Identifier,
    IdentifierKind,
    IssueNote,
    Notification,
    Person,
    ReplaySegment,
    SessionCount,
    Status,
    Step,
    StepKind,
    Tombstones,
)
from outrider.real_users import user_digest
from outrider.telemetry import SignalKind, Spool, Tally
from outrider.telemetry.error_digestion import ErrorDigestion
from outrider.telemetry.error_intake import ERRORS

if TYPE_CHECKING:
    from pathlib import Path

    from outrider.store import Store
    from outrider.telemetry_store import TelemetryStore
    from outrider.workspace import Workspace

pytestmark = pytest.mark.skipif(find_spec("chdb") is None, reason="the extra `telemetry` is not installed")

WHO = "canary-person-4711"
MAIL = "canary.lovelace@example.org"
SESSION = "c0ffee" * 5 + "c0"
FORWARD = (
    '[errors]\n[telemetry]\n[telemetry.forward]\nurl = "https://copies.example"\n'
    '[otel]\nendpoint = "https://traces.example"\n'
)


def event(digit: str, **changes: Any) -> ErrorEvent:
    plain = ErrorEvent(digit * 32, 1, NOW_US, NOW_US, exceptions=(ErrorException("E", f"of {digit}"),))
    return replace(plain, **changes)


def spooled(number: int, user: str) -> bytes:
    """Return a line as the intake of errors writes it."""
    line = {
        "id": f"{number:032x}", "project": 1, "service": "shop", "environment": "production", "received_us": NOW_US,
        "sent_us": None, "document": {"message": "late", "user": {"id": user}},
    }  # fmt: skip
    return json.dumps(line).encode() + b"\n"


def fill(site: Workspace, store: Store, telemetry: TelemetryStore, make: Maker, folder: Path) -> None:
    """Put the person, and somebody else, wherever something is kept."""
    add_project(store, site, "shop", "production", per_day=1_000, key=KeyRequest())
    digest = user_digest(signing_key(site.state), 1, WHO)
    theirs = event(
        "a", user=ErrorUser(WHO), tags={"user": WHO, "plan": "pro"}, contexts={"session": {"id": SESSION}},
        exceptions=(ErrorException("E", f"no cart of {WHO}"),),
    )  # fmt: skip
    added = store.errors.add([theirs, event("b", user=ErrorUser("somebody"))])
    store.errors.comment(added[0].issue, IssueNote(NOW_US, "ada", "comment", f"asked {MAIL}"))
    for name, content in (("note.txt", f"{WHO} wrote"), ("har", f'{{"url": "/users/{WHO}"}}'), ("other", "nothing")):
        (folder / name).write_text(content)
    store.attachments.add("a" * 32, [("note.txt", "text/plain", folder / "note.txt")])
    (folder / "part").write_bytes(b"a replay of theirs")
    store.replays.add(
        ReplaySegment(SESSION, "b" * 16, 0, 1, NOW_US, NOW_US, has_snapshot=True, events=2), folder / "part"
    )
    (folder / "sentry").write_bytes(b"a replay that names their error")
    for number, of in ((1, theirs.id), (2, "b" * 32)):
        own = ReplaySegment(f"{number:032x}", "0" * 16, 0, 1, NOW_US, NOW_US, True, 2, error_ids=("c" * 32, of))
        store.replays.add(own, folder / "sentry")
    files = tuple(
        ArtifactFile(ArtifactKind.HAR, f"{name}.har", "application/json", folder / name) for name in ("har", "other")
    )
    steps = (Step("pay", "Pay", StepKind.NAMED, 1.0, 2.0, error=f"{MAIL} not found"),)
    store.runs.record(run_of(make.measurement(artifacts=files, steps=steps, reason=f"{WHO} cannot pay")))
    store.release_health.add([SessionCount(1, "production", "1", NOW_US, WHO, 1, 0, 0, 0)], 1)
    for number, status in enumerate((Status.DELIVERED, Status.QUEUED)):
        report = Notification(f"r{number}", "managers", "report-weekly", "report", NOW_US, NOW_US, "{}", status=status)
        store.outbox.add(report)
    telemetry.insert_logs([log_record("shop", f"cart of {WHO}"), log_record("shop", "of others")], token="a")
    telemetry.insert_spans([span("shop", f"GET /users/{WHO}"), span("shop", "GET /", span_id="2" * 16)], token="b")
    telemetry.insert_page_views([page_view(1, user=digest, session=SESSION), page_view(2)], token="c")
    (site.state / "patterns.json").write_text(json.dumps([f"cart of {WHO}"]))


def waiting(site: Workspace) -> None:
    """Leave something of them, and of others, in each kind of spool."""
    errors = Spool(site.state / SPOOLS[0], 1 << 20)
    errors.append(ERRORS, spooled(1, WHO) + spooled(2, "somebody"))
    errors.close()
    telemetry = Spool(site.state / SPOOLS[2], 1 << 20)
    telemetry.write(SignalKind.LOGS, [log_record("shop", f"late of {WHO}"), log_record("shop", "late of others")])
    telemetry.close()


def grep(folder: Path) -> list[str]:
    """Return the files in which the person can be read, byte for byte."""
    command = ["grep", "-rlaiF", "-e", WHO, "-e", MAIL, "-e", SESSION, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()


def test_an_erased_person_is_nowhere_and_does_not_come_back(tmp_path: Path) -> None:
    """Neither in files nor in answers; neither by a backup nor by what waits; and others keep what is theirs."""
    root = tmp_path / "site"
    root.mkdir()
    (root / "outrider.toml").write_text(FORWARD, "utf-8")
    site = find_workspace(root)
    provide_database(site.state / "outrider.db")
    with open_store(site) as store, open_telemetry(site) as telemetry:
        fill(site, store, telemetry, Maker(tmp_path), tmp_path)
        back_up(site, store, tmp_path / "backup")
        copyfile(tmp_path / "backup/outrider.db", site.state / "outrider.db.revision-0001")  # of an upgrade before
        waiting(site)
        given = [Identifier(IdentifierKind.USER, WHO), Identifier(IdentifierKind.EMAIL, MAIL.upper())]
        with open_personal_data(site) as data:
            person = data.person(given)
            before = data.export(person, tmp_path / "all.zip")
            erasure = data.erase(person)
            after = data.inventory(person)
        rest = grep(site.state)
        entries = store.audit.search(limit=2)
        others = store.errors.event("b" * 32)
        kept = store.replays.among([SESSION, f"{1:032x}", f"{2:032x}"])
        run = store.runs.search()[0]
        logs = [record.body for record in telemetry.search_logs("since:1d").rows]

        restored: list[Any] = []
        restore_backup(site, tmp_path / "backup", force=True, erased=restored.append)
        with open_personal_data(site) as data:
            again = data.inventory(person)

    assert SESSION in person.sessions
    for kind in ("error events", "attachments of events", "parts of replays", "files of runs", "log records", "spans",
                 "page views", "lines that wait in spools"):  # fmt: skip
        assert before.counts.get(kind) or kind == "attachments of events", kind
    assert before.elsewhere == (
        "copies.example gets a copy of logs, traces, metrics ([telemetry.forward])",
        "traces.example gets runs as traces, with what their steps and errors say ([otel])",
        "receiver managers got 1 report, which were not searched",
        "backups of before: outrider restore erases again what they bring back",
    )
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
        exported = archive.read("error-events.jsonl").decode()
    assert {part["what"] for part in manifest["parts"]} >= {"error events", "parts of replays", "page views"}
    assert WHO in exported
    assert "somebody" not in exported
    assert (rest, erasure.left, after.is_empty) == ([], (), True)
    assert erasure.counts["error events"] == 1
    assert erasure.counts["parts of replays"] == 2
    assert kept == {f"{2:032x}"}
    assert others is not None
    assert others.event.user.id == "somebody"
    assert run.reason == "*** cannot pay"
    assert logs == ["of others"]
    assert [entry.action for entry in entries] == ["privacy.erase", "privacy.export"]
    assert WHO not in (site.state / TOMBSTONES).read_text()
    assert restored
    assert restored[0].counts["error events"] == 1
    assert again.is_empty
    assert [path for path in grep(site.state) if "before-restore" not in path] == []
    late(site)


def late(site: Workspace) -> None:
    """What comes in of them later is left out before it is stored."""
    spool = Spool(site.state / SPOOLS[0], 1 << 20)
    for segment in spool.sealed():
        spool.forget(segment)
    spool.append(ERRORS, spooled(3, WHO) + spooled(4, "somebody"))
    with open_store(site) as store:
        digestion = ErrorDigestion(spool, store.errors.add, Tally())
        digestion.leave_out(FollowedTombstones(site.state).matcher)
        digestion.digest()

        assert [store.errors.event(f"{number:032x}") is not None for number in (3, 4)] == [False, True]


@pytest.mark.parametrize(
    ("identifier", "text", "is_named"),
    [
        ("customer-17", "cart of customer-17.", True),
        ("customer-17", "cart of customer-170", False),
        ("customer-17", "/users/customer-17/cart", True),
        ("auth0|99 x", '{"user": {"id": "auth0|99 x"}}', True),
        ("auth0|99 x", "id=auth0%7C99%20x&y", True),
        ("7", '{"user":{"id":"7","name":""}}', True),
        ("7", '{"user":{"id":7}}', True),
        ("7", '{"threads":[{"id":"7"}],"line":7}', False),
        ("7", "{'user.id':'7'}", True),
        ("7", "{'user.id':'71'}", False),
    ],
)
def test_who_is_named_is_recognised_and_nobody_else(identifier: str, text: str, is_named: bool) -> None:
    """By the identifier itself; what a tombstone recognises is no more than that."""
    person = Person([Identifier(IdentifierKind.USER, identifier)])
    stones = Tombstones(Tombstones((), b"key").made(person, NOW_US), b"key")

    assert person.is_named_in(text) is is_named
    assert person.is_named_in(text.encode()) is is_named
    assert stones.matches(text) <= is_named
    assert not Tombstones(stones.own, b"another key").matches(text)


def test_nobody_is_erased_by_an_empty_name(tmp_path: Path) -> None:
    """Which would stand everywhere."""
    with pytest.raises(ValueError, match="at least one"):
        Person([Identifier(IdentifierKind.USER, " ")])
    assert not tombstones(tmp_path)


def test_the_command_asks_first_and_says_where_it_looked(tmp_path: Path) -> None:
    """Without a terminal it erases by `--yes` alone; of nobody it says so."""
    (tmp_path / "outrider.toml").write_text("", "utf-8")
    provide_database(find_workspace(tmp_path).state / "outrider.db")

    refused = invoke(tmp_path, "privacy", "erase", "--user", WHO, stdin="y\n")
    unnamed = invoke(tmp_path, "privacy", "export", "--out", "all")
    shown = invoke(tmp_path, "privacy", "export", "--user", WHO, "--out", "all")
    erased = invoke(tmp_path, "privacy", "erase", "--user", WHO, "--yes", "--json")

    assert "[not-confirmed]" in refused.stderr
    assert "[no-identifier]" in unnamed.stderr
    assert "nothing is kept of this person" in shown.stdout
    assert "searched: error events" in shown.stdout
    assert json.loads((tmp_path / "all/manifest.json").read_text())["parts"] == []
    assert json.loads(erased.stdout)["erased"]["tombstones"] == 1
