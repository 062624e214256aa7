"""`outrider errors`, as it is typed."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.builders import new_store
from tests.cli.conftest import Desk
from tests.dashboard.error_scene import declined, page_error

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Desk:
    """A workspace with two issues."""
    desk = Desk(tmp_path / "ws", tmp_path / "tmp", in_process=True)
    desk.root.mkdir()
    desk.temporary.mkdir()
    desk.write("outrider.toml", "")
    with new_store(desk.root / ".outrider/outrider.db", artifacts=desk.root / ".outrider/artifacts") as store:
        store.errors.add([declined(2), declined(1), page_error()])
    return desk


def test_issues_are_listed_by_a_query_and_shown_with_their_stack(place: Desk) -> None:
    """Words that are no subcommand are the query."""
    listed = place.outrider("errors", "is:all", "gateway")
    shown = place.outrider("errors", "show", "1").stdout.splitlines()
    (issue,) = place.json("errors", "release:2.4.1", "TypeError", "--json")

    title, row = listed.stdout.splitlines()
    assert title.split() == ["issue", "state", "events", "users", "last", "(UTC)", "where", "what"]
    assert row.split()[2:4] == ["2", "2"]
    assert row.endswith("POST /checkout  PaymentError: the gateway did not answer for order 9001")
    assert (issue["id"], issue["state"], issue["events"]) == (2, "ongoing", 1)
    assert "  grouped by the types PaymentError, caused by ConnectionResetError, and where it was raised" in shown[2]
    assert shown.index("    charge  shop/payment.py:41") < shown.index("    place_order  shop/checkout.py:88")
    assert "      answer = gateway.post('/charges', total=total)" in shown
    assert place.outrider("errors", "is:resolved").stderr == "no issue is like that: outrider errors is:all\n"


def test_a_workspace_that_takes_no_errors_says_so(place: Desk) -> None:
    """Nothing is listed there, however many there are."""
    place.outrider("errors", "resolve", "1", "2")

    without = place.outrider("errors").stderr
    place.write("outrider.toml", "[errors]\n")

    assert (
        without
        == f"{place.outrider('errors').stderr}errors are not taken yet: add a section [errors] to outrider.toml\n"
    )


def test_issues_are_decided_about_and_each_decision_is_audited(place: Desk) -> None:
    """Resolved in a release, ignored for a time, assigned, commented, merged and split."""
    assert place.outrider("errors", "resolve", "1", "#2", "--in", "next").stdout == (
        "resolve #1 #2: in the next release\n"
    )
    place.outrider("errors", "ignore", "1", "--for", "7d", "--users", "50")
    place.outrider("errors", "assign", "1", "--to", "grace")
    place.outrider("errors", "comment", "1", "seen", "--by", "ada")
    place.outrider("errors", "merge", "1", "2")
    document = place.json("errors", "show", "2", "--json")
    split = place.outrider("errors", "split", "1", "--key", document["keys"][1]["key"])

    assert (document["id"], document["state"], document["assignee"]) == (1, "ignored", "grace")
    actions = [(note["action"], note["text"]) for note in document["history"]]
    assert ("ignore", "for 7d, until 50 users") in actions
    assert ("merge", "#2") in actions
    assert split.stdout == "split #1\n"
    audited = [entry["action"] for entry in place.json("audit", "--json")]
    assert audited[0] == "error.split"
    assert len(audited) == 6


def test_commits_of_a_release_that_touched_the_stack_are_suspects(place: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a range of the repository here; a range that Git does not know marks nothing."""
    for name in ("GIT_AUTHOR", "GIT_COMMITTER"):
        monkeypatch.setenv(f"{name}_NAME", "Ada")
        monkeypatch.setenv(f"{name}_EMAIL", "ada@example.org")
    (place.root / "services/shop").mkdir(parents=True)
    for file, subject in (("payment.py", "Charge once"), ("stock.py", "Count")):
        (place.root / "services/shop" / file).write_text(subject, "utf-8")
        for command in (["init", "-q"], ["add", "services"], ["commit", "-qm", subject]):
            subprocess.run(["git", *command], cwd=place.root, check=True)

    unknown = place.outrider("release", "2.4.1", "--commits", "v9..HEAD")
    place.outrider("release", "2.4.1", "--commits", "HEAD")
    shown = place.outrider("errors", "show", "1").stdout
    (suspect,) = place.json("errors", "show", "1", "--json")["commits"]

    assert (unknown.returncode, "[bad-argument]" in unknown.stderr) == (2, True)
    assert "Charge once (Ada): services/shop/payment.py" in shown
    assert (suspect["file"], suspect["function"]) == ("services/shop/payment.py", "charge")
    assert len(place.json("release", "--json")) == 1


@pytest.mark.parametrize(
    ("arguments", "slug"),
    [
        (("errors", "resolve", "99"), "unknown-issue"),
        (("errors", "resolve", "x"), "unknown-issue"),
        (("errors", "is:odd"), "bad-query"),
        (("errors", "seen:soon"), "bad-query"),
        (("errors", "ignore", "1", "--for", "soon"), "bad-argument"),
        (("errors", "comment", "1", " "), "bad-argument"),
    ],
)
def test_what_makes_no_sense_is_said_and_changes_nothing(place: Desk, arguments: tuple[str, ...], slug: str) -> None:
    """With the slug of its explanation."""
    answer = place.outrider(*arguments)

    assert answer.returncode == 2
    assert f"[{slug}]" in answer.stderr
    assert place.json("audit", "--json") == []
