"""The contract of users, sessions, tokens and the audit log: whoever implements the ports passes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.store.conftest import NOW_US, SECOND_US

from outrider.model import (
    AccessToken,
    AuditEntry,
    CheckId,
    QueueEntry,
    Retention,
    Role,
    RunId,
    SignInSession,
    Silence,
    TokenKind,
    User,
)

if TYPE_CHECKING:
    from outrider.store import Store

DAY_US = 86_400 * SECOND_US
ADA = User("Ada", Role.ADMIN, "hash", NOW_US, NOW_US)
SESSION = SignInSession("d1", "Ada", Role.ADMIN, "password", NOW_US, NOW_US, NOW_US + SECOND_US, "10.0.0.9", "Firefox")
TOKEN = AccessToken("t1", "ci", TokenKind.API, Role.VIEWER, "digest", NOW_US, "ada", expires_us=NOW_US + SECOND_US)
ENTRY = AuditEntry(NOW_US, "ada", "silence.add", "team=shop", "deploy", "10.0.0.9")


def test_a_user_is_found_by_every_spelling_of_the_name(store: Store) -> None:
    """Case and Unicode form tell nobody apart, so that nobody takes a name that looks like another."""
    assert store.users.add(replace(ADA, name="Zoë"))

    assert not store.users.add(replace(ADA, name="ZOE\u0308", role=Role.VIEWER))
    assert store.users.get("zoe\u0308") == replace(ADA, name="Zoë")
    assert store.users.all() == (replace(ADA, name="Zoë"),)


def test_a_directory_without_users_is_empty(store: Store) -> None:
    """What is not there can be neither changed nor removed."""
    assert (store.users.exist(), store.users.all(), store.users.get("ada")) == (False, (), None)
    assert not store.users.change(ADA)
    assert not store.users.remove("ada")
    store.users.add(ADA)
    assert store.users.exist()


def test_a_changed_or_removed_user_is_signed_out_everywhere(store: Store) -> None:
    """Another password or role ends the sessions that were made with the one before; others go on."""
    store.users.add(ADA)
    for digest, user in (("d1", "Ada"), ("d2", "ada"), ("d3", "Eve")):
        store.sessions.begin(replace(SESSION, digest=digest, user=user))

    assert store.users.change(replace(ADA, role=Role.VIEWER))

    assert [session.digest for session in store.sessions.search()] == ["d3"]
    store.sessions.begin(SESSION)
    assert store.users.remove("ADA")
    assert store.sessions.get("d1") is None


def test_nobody_is_signed_in_with_a_password_that_was_changed_meanwhile(store: Store) -> None:
    """Who was authenticated against the old one gets no session."""
    store.users.add(ADA)
    store.users.change(replace(ADA, password_hash="other"))

    assert not store.sessions.begin(SESSION, ADA)
    assert not store.sessions.begin(SESSION, replace(ADA, name="nobody"))
    assert store.sessions.begin(SESSION, replace(ADA, password_hash="other"))


def test_a_session_ends_once_and_expired_ones_are_forgotten(store: Store) -> None:
    """A new session removes those whose time is over."""
    store.sessions.begin(SESSION)
    store.sessions.touch("d1", NOW_US + 5)
    assert store.sessions.get("d1") == replace(SESSION, seen_us=NOW_US + 5)

    store.sessions.begin(replace(SESSION, digest="d2", created_us=SESSION.expires_us, user="Eve"))

    assert store.sessions.get("d1") is None
    assert [session.user for session in store.sessions.search("EVE")] == ["Eve"]
    assert (store.sessions.end("d2"), store.sessions.end("d2")) == (True, False)
    store.sessions.touch("d2", NOW_US)
    assert store.sessions.search() == ()


def test_all_sessions_of_a_user_end_together(store: Store) -> None:
    """Those of a user of a provider, too, who has no row among the users."""
    for digest in ("d1", "d2"):
        store.sessions.begin(replace(SESSION, digest=digest, method="oidc"))

    assert (store.sessions.end_all("ada"), store.sessions.end_all("ada")) == (2, 0)


def test_a_token_is_found_by_its_digest_until_it_is_revoked(store: Store) -> None:
    """Revoked and expired ones stay listed, and say so."""
    store.tokens.add(TOKEN)
    store.tokens.add(replace(TOKEN, id="t2", digest="other", created_us=NOW_US + 1, expires_us=None))
    store.tokens.touch("digest", NOW_US + 3)

    assert store.tokens.get("digest") == replace(TOKEN, used_us=NOW_US + 3)
    assert store.tokens.get("none") is None
    assert (store.tokens.revoke("t1", NOW_US + 4), store.tokens.revoke("t1", NOW_US + 5)) == (True, False)
    assert [(token.id, token.revoked_us) for token in store.tokens.all()] == [("t2", None), ("t1", NOW_US + 4)]
    assert [token.is_valid(NOW_US) for token in store.tokens.all()] == [True, False]
    assert [TOKEN.is_valid(at_us) for at_us in (NOW_US, NOW_US + SECOND_US)] == [True, False]


def test_an_entry_is_stored_in_the_transaction_of_its_change(store: Store) -> None:
    """Once, whichever port the change is made through; what comes after it has no entry."""
    silence = Silence("s", NOW_US, NOW_US + SECOND_US, ("team=shop",), "ada", "deploy")

    with store.audit.alongside(ENTRY):
        store.silences.record(silence)
        store.schedule.pause(CheckId("journey:pay"), NOW_US)
    store.schedule.resume(CheckId("journey:pay"))

    assert [replace(entry, key=0) for entry in store.audit.search()] == [ENTRY]


def test_a_change_that_fails_or_changes_nothing_leaves_no_entry(store: Store) -> None:
    """Nor does it leave one to the next change of the thread."""
    with store.audit.alongside(ENTRY):
        assert not store.users.change(ADA)
        assert not store.sessions.end("none")
    with store.audit.alongside(ENTRY):
        store.tokens.add(TOKEN)
    with pytest.raises(ValueError, match="non-hexadecimal"), store.audit.alongside(ENTRY):
        store.schedule.ask([QueueEntry(RunId("odd"), CheckId("journey:pay"), "local", NOW_US, 0, "asked")])
    store.users.add(ADA)

    assert len(store.audit.search()) == 1


def test_the_audit_log_is_read_backwards_in_pages(store: Store) -> None:
    """A position names an entry, so that new ones shift nothing."""
    for number in range(5):
        store.audit.record(replace(ENTRY, subject=str(number)))

    first = store.audit.search(limit=2)
    store.audit.record(replace(ENTRY, subject="new"))
    second = store.audit.search(before=first[-1].key, limit=9)

    assert [entry.subject for entry in first] == ["4", "3"]
    assert [entry.subject for entry in second] == ["2", "1", "0"]
    assert (first.is_complete, second.is_complete) == (False, True)


def test_the_audit_log_is_kept_as_long_as_runs(store: Store) -> None:
    """Older entries are pruned."""
    store.audit.record(ENTRY)
    store.audit.record(replace(ENTRY, at_us=NOW_US + 400 * DAY_US, subject="later"))

    store.prune(NOW_US + 401 * DAY_US, Retention(runs_s=395 * 86_400.0))

    assert [entry.subject for entry in store.audit.search()] == ["later"]


def test_texts_from_outside_are_kept_printable_and_bounded(store: Store) -> None:
    """A lone surrogate, a NUL or a megabyte is no reason to lose a change."""
    with store.audit.alongside(replace(ENTRY, subject="\udcff\0" + "x" * 1_000_000, detail="y" * 1_000_000)):
        store.users.add(replace(ADA, name="\udcff"))

    (entry,) = store.audit.search()
    assert len(entry.subject) <= 400
    assert len(entry.detail) <= 2_000
    assert store.users.get("\udcff") is not None
