"""The contract of one person's data: whoever implements the port passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import create_engine, make_url, text
from tests.store.conftest import NOW_US

from outrider.model import (
    ErrorEvent,
    ErrorException,
    ErrorUser,
    Identifier,
    IdentifierKind,
    Notification,
    Person,
    ReplaySegment,
    Status,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.store.conftest import Maker, Place

    from outrider.store import Store

WHO = "canary-person-4711"
_FILES = """
SELECT count(*) FROM pg_class WHERE relkind IN ('r', 't') AND relnamespace::regnamespace::text !~ '^pg_catalog'
AND position(:who ::bytea IN pg_read_binary_file(pg_relation_filepath(oid))) > 0
"""
"""Tables, and what they keep of long values beside, in whose files a text stands."""


def is_in_files(place: Place) -> bool:
    """Return whether the person can be read in the files of a database."""
    url = make_url(place.url)
    if url.database and url.drivername.startswith("sqlite"):
        with open(url.database, "rb") as file, open(f"{url.database}-wal", "rb") as log:  # noqa: PTH123 - strings
            return WHO.encode() in file.read() + log.read()
    engine = create_engine(place.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CHECKPOINT"))
        count: int = connection.execute(text(_FILES), {"who": WHO}).scalar_one()
    engine.dispose()
    return count > 0


def test_a_person_is_erased_from_rows_files_and_the_pages_of_the_database(
    place: Place, store: Store, make: Maker, tmp_path: Path
) -> None:
    """With a replay that names an error of theirs; what is somebody else's stays."""
    theirs = ErrorEvent(
        "a" * 32, 1, NOW_US, NOW_US, exceptions=(ErrorException("E", f"no cart of {WHO}"),), user=ErrorUser(WHO)
    )
    store.errors.add([theirs, ErrorEvent("b" * 32, 1, NOW_US, NOW_US, user=ErrorUser("somebody"))])
    run = make.run(reason=f"{WHO} cannot pay")
    store.runs.record(run)
    (tmp_path / "part").write_bytes(b"a part")
    for session, of in (("1" * 32, theirs.id), ("2" * 32, "b" * 32)):
        own = ReplaySegment(session, "0" * 16, 0, 1, NOW_US, NOW_US, True, 2, error_ids=("c" * 32, of))
        store.replays.add(own, tmp_path / "part")
    for number, status in enumerate((Status.DELIVERED, Status.QUEUED)):
        row = Notification(f"r{number}", "managers", "weekly", "report", NOW_US, NOW_US, "{}", status)
        store.outbox.add(row)
    before = is_in_files(place)
    person = Person([Identifier(IdentifierKind.USER, WHO)])
    sessions = store.personal_data.sessions(person)

    erased = store.personal_data.erase(
        person.widened(Identifier(IdentifierKind.SESSION, session) for session in sessions)
    )

    assert (before, is_in_files(place)) == (True, False)
    assert sessions == {"1" * 32}
    assert (erased.counts["error events"], erased.counts["parts of replays"], erased.left) == (1, 1, ())
    assert [store.errors.event(digit * 32) is not None for digit in "ab"] == [False, True]
    assert store.replays.among(["1" * 32, "2" * 32]) == {"2" * 32}
    assert store.runs.get(run.id).run.reason == "*** cannot pay"
    assert store.personal_data.delivered("report") == {"managers": 1}
