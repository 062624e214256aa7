"""`[status_page]` of `outrider.toml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrider.model import ConfigErrors
from outrider.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

PAGE = """[status_page]
title = "Shop status"
url = "https://status.example"
[[status_page.component]]
name = "Checkout"
group = "Shop"
match = ["tag:shop", "probes/*"]
announce = "We are looking into it."
[[status_page.component]]
name = "お支払い"
match = "test_pay"
"""


def slugs(root: Path, text: str) -> list[str]:
    """Return the slugs of all problems of a settings file."""
    (root / "outrider.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigErrors) as raised:
        load(root)
    return [problem.slug for problem in raised.value.problems]


def test_there_is_no_status_page_by_default(tmp_path: Path) -> None:
    """What is public is asked for."""
    (tmp_path / "outrider.toml").touch()

    assert load(tmp_path).status_page is None


def test_components_have_names_of_their_own_and_ids_that_follow_them(tmp_path: Path) -> None:
    """An id stays when other components come and go, and is another for another group."""
    (tmp_path / "outrider.toml").write_text(PAGE, encoding="utf-8")
    page = load(tmp_path).status_page

    assert page is not None
    checkout, pay = page.components
    assert (page.url, page.port, page.path) == ("https://status.example/", 0, "/status")
    assert (checkout.group, checkout.patterns, pay.name) == ("Shop", ("tag:shop", "probes/*"), "お支払い")
    assert len({checkout.id, pay.id}) == 2
    assert checkout.places[1].line == 7


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("[status_page]\ntitle = 'a'\n", "missing-key"),
        (PAGE.replace('title = "Shop status"\n', ""), "missing-key"),
        (PAGE.replace('match = "test_pay"', ""), "missing-key"),
        (PAGE + '[[status_page.component]]\nname = "Checkout"\ngroup = "Shop"\nmatch = "a"\n', "duplicate-name"),
        (PAGE.replace("url =", 'path = "/runs"\nurl ='), "bad-base-path"),
        (PAGE.replace("url =", 'path = "/a/../b"\nurl ='), "bad-base-path"),
        (PAGE.replace("url =", 'path = "/"\nurl ='), "bad-base-path"),
        (PAGE.replace("url =", 'host = "0.0.0.0"\nurl ='), "missing-key"),
        (PAGE.replace("Checkout", "x" * 101), "out-of-range"),
        (PAGE.replace("https://status.example", "javascript:alert(1)"), "bad-url"),
        (PAGE.replace("announce", "anounce"), "unknown-key"),
        ("[status_page]\ntitle = 'a'\ncomponent = 5\n", "wrong-type"),
    ],
)
def test_what_makes_no_page_is_a_problem_at_its_place(tmp_path: Path, text: str, slug: str) -> None:
    """Each is reported with a slug that the documentation explains."""
    assert slug in slugs(tmp_path, text)


def test_more_components_than_a_page_shows_are_a_problem(tmp_path: Path) -> None:
    """Two hundred are enough for people."""
    many = "".join(f'[[status_page.component]]\nname = "c{number}"\nmatch = "a"\n' for number in range(201))

    assert "out-of-range" in slugs(tmp_path, f'[status_page]\ntitle = "a"\n{many}')
