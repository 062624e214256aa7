"""Commits are read from what Git prints, and those that changed files of a stack are suspected."""

from __future__ import annotations

import pytest

from outrider.errors import read_git_log, suspect_commits
from outrider.model import Commit, ErrorEvent, ErrorException, StackFrame

LOG = """commit 3f2a9b1c7d (HEAD -> main, tag: v2)
Author: Ada Lovelace <ada@example.org>
Date:   2026-11-28T10:00:00+00:00

    Charge once

    commit deadbeef is another one

services/shop/payment.py
docs/a file.md

commit 1111111
Merge: a b
Author: <x@example.org>

commit 2222222
Author: Grace
Date:   2026-11-27

    Only words
"""


def test_commits_of_git_log_have_a_name_and_files_and_no_address() -> None:
    """A message may look like anything; what is no log has no commit."""
    first, second, third = read_git_log(LOG)

    assert first == Commit(
        "3f2a9b1c7d", "Ada Lovelace", "2026-11-28T10:00:00+00:00", "Charge once",
        ("services/shop/payment.py", "docs/a file.md"),
    )  # fmt: skip
    assert (second, third.author, third.files) == (Commit("1111111", "", "", "", ()), "Grace", ())
    assert read_git_log("nothing\nhere \ud800") == ()
    assert len(read_git_log("commit abcdef1\n" * 9_999)) == 500


@pytest.mark.parametrize(
    ("path", "module", "file", "is_suspect"),
    [
        ("/srv/app/shop/payment.py", "", "services/shop/payment.py", True),
        ("shop/payment.py", "shop.payment", "shop/payment.py", True),
        ("webpack:///./src/cart.ts?a1b2", "", "web/src/cart.ts", True),
        ("C:\\build\\Shop\\Cart.cs", "", "src/Shop/Cart.cs", True),
        ("Cart.java", "com.shop.Cart", "core/src/main/java/com/shop/Cart.java", True),
        ("/srv/app.py", "", "app.py", True),
        ("/srv/other/payment.py", "", "services/shop/payment.py", False),
        ("payment.py", "", "services/shop/payment.py", False),
        ("", "", "services/shop/payment.py", False),
    ],
)
def test_a_file_is_known_by_how_its_path_ends(path: str, module: str, file: str, *, is_suspect: bool) -> None:
    """Where a build or a container keeps it is another folder than in the repository."""
    event = _event(StackFrame(module, "pay", path, 3))

    assert bool(suspect_commits(event, [Commit("a1b2c3d", "Ada", "", "x", (file,))])) is is_suspect


def test_inner_frames_come_first_and_then_the_latest_commits() -> None:
    """Frames of libraries accuse nobody; three are told."""
    event = _event(
        StackFrame("", "main", "shop/main.py", 1), StackFrame("", "pay", "shop/pay.py", 2),
        StackFrame("", "get", "lib/http.py", 3, in_app=False),
    )  # fmt: skip
    files = ["lib/http.py", "shop/main.py", "shop/pay.py", "shop/main.py", "shop/pay.py"]
    commits = [Commit(f"{number}", "", "", "", (file,)) for number, file in enumerate(files)]

    suspects = suspect_commits(event, commits)

    assert [(own.commit.id, own.function) for own in suspects] == [("2", "pay"), ("4", "pay"), ("1", "main")]


def _event(*frames: StackFrame) -> ErrorEvent:
    return ErrorEvent("a" * 32, 1, 0, 0, exceptions=(ErrorException("E", frames=frames),))
