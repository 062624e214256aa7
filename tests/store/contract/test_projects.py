"""The contract of projects of errors and their keys: whoever implements the port passes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.store.conftest import NOW_US

from outrider.model import ErrorProject, KeyPurpose, ProjectKey

if TYPE_CHECKING:
    from outrider.store import Store

PROJECT = ErrorProject(0, "checkout", "production", NOW_US, per_day=5)
KEY = ProjectKey("a" * 32, 0, KeyPurpose.SERVER, NOW_US, "ada")
BROWSER = ProjectKey("b" * 32, 1, KeyPurpose.BROWSER, NOW_US + 1, "ada", ("https://shop.example",), 60, 6)


def test_a_project_is_numbered_once_and_kept_with_its_keys(store: Store) -> None:
    """A second one of the same service and environment is none, and its key is not kept."""
    first = store.projects.add(PROJECT, KEY)
    again = store.projects.add(PROJECT, replace(KEY, id="c" * 32))
    other = store.projects.add(replace(PROJECT, environment="staging"), replace(KEY, id="d" * 32))

    assert (first, again) == (replace(PROJECT, id=1), None)
    assert other is not None
    assert store.projects.all() == (replace(PROJECT, id=1), other)
    assert store.projects.add_key(BROWSER)
    assert not store.projects.add_key(replace(BROWSER, id="e" * 32, project=99))
    assert store.projects.all_keys()[:2] == (replace(KEY, project=1), BROWSER)


def test_a_key_ends_when_it_is_said_and_never_later(store: Store) -> None:
    """Who revokes a key that was replaced ends it before its time; nothing revives it."""
    store.projects.add(PROJECT, KEY)

    assert store.projects.expire_key(KEY.id, NOW_US + 100)
    assert store.projects.expire_key(KEY.id, NOW_US + 10)
    assert not store.projects.expire_key(KEY.id, NOW_US + 50)
    assert not store.projects.expire_key("f" * 32, NOW_US)
    assert [key.expires_us for key in store.projects.all_keys()] == [NOW_US + 10]


def test_a_project_is_changed_whole(store: Store) -> None:
    """And one that is not there is not made."""
    store.projects.add(PROJECT, KEY)

    assert store.projects.change(ErrorProject(1, "checkout", "production", NOW_US, per_day=7))
    assert not store.projects.change(ErrorProject(2, "x", "production", NOW_US))
    assert [project.per_day for project in store.projects.all()] == [7]
