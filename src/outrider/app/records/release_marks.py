"""Releases: marked, listed, and the periods between them."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from outrider.app.access.audit_trail import command_line_change
from outrider.app.access.workspace_access import now_us
from outrider.errors import MOST_COMMITS, read_git_log
from outrider.model import Release, UsageError, counted, printable, release_number

if TYPE_CHECKING:
    from outrider.app.access.audit_trail import Note
    from outrider.model import AuditLog, CommitLog, JudgeMemory
    from outrider.workspace import Workspace

MOST_LOG_CHARACTERS = 50_000
"""Of a release's commits; a server takes a body of 64 KiB."""

_MOST_CHARACTERS = 200
_GIT_S = 30.0


def mark_release(
    workspace: Workspace,
    releases: JudgeMemory,
    name: str,
    *,
    audit: AuditLog,
    at_us: int | None = None,
    environment: str | None = None,
    accept: bool = False,
    commits: str = "",
    commit_log: CommitLog | None = None,
    note: Note = command_line_change,
) -> None:
    """Mark a deploy, so that changes can be explained by it.

    Args:
        workspace: Whose default environment holds if none is given.
        releases: Where releases are kept.
        name: Of the release.
        audit: Where it is noted who marked it.
        at_us: When it went live, microseconds UTC; now if absent.
        environment: Where.
        accept: Learn the level since then as the new baseline.
        commits: What it consists of, as `git log --name-only` prints it; kept in `commit_log`.
        note: Says who marks it, for the audit log; the command line if absent.

    Raises:
        UsageError: bad-argument, for a name or an environment that no line of a page or terminal can show, or commits
            that are none.
    """
    _check_text("the name of a release", name)
    place = environment or workspace.defaults.environment
    _check_text("an environment", place)
    release = Release(name, place, now_us() if at_us is None else at_us, accept)
    named = read_git_log(commits)
    if commits.strip() and not named:
        raise UsageError("there is no commit in that", slug="bad-argument", fix="send what git log --name-only prints")
    if named and commit_log is not None:
        commit_log.record(release_number(name), named, release.at_us)
    words = [place, *(["accepted"] if accept else []), *([counted(len(named), "commit")] if named else [])]
    with audit.alongside(note("release.mark", name, ", ".join(words))):
        releases.record_release(release)


def git_log(commits: str) -> tuple[str, int]:
    """Return what Git prints of a range of the repository of the current folder, and how many commits do not fit.

    The latest come first, merges aside; fifty thousand characters are returned.

    Raises:
        UsageError: bad-argument, with what Git says.
    """
    command = ["git", "log", "--name-only", "--no-merges", "--date=iso-strict", "--no-color"]
    asked = [*command, f"--max-count={MOST_COMMITS}", "--end-of-options", commits, "--"]
    try:
        answer = subprocess.run(asked, capture_output=True, timeout=_GIT_S, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        raise UsageError(f"git cannot be asked: {error}", slug="bad-argument", fix="leave out --commits") from None
    if answer.returncode:
        what = printable(answer.stderr.decode("utf-8", "replace").strip())[:300]
        raise UsageError(f"git log {commits[:80]}: {what}", slug="bad-argument", fix="such as v2.4.0..HEAD")
    blocks = re.split(r"^(?=commit [0-9a-f])", answer.stdout.decode("utf-8", "replace"), flags=re.MULTILINE)[1:]
    kept, size = 0, 0
    while kept < len(blocks) and size + len(blocks[kept]) <= MOST_LOG_CHARACTERS:
        size += len(blocks[kept])
        kept += 1
    return "".join(blocks[:kept]), len(blocks) - kept


def _check_text(what: str, text: str) -> None:
    if not text.strip() or len(text) > _MOST_CHARACTERS or not text.isprintable():
        fix = f"write 1 to {_MOST_CHARACTERS} printable characters, such as v2.4"
        raise UsageError(f"{text[:_MOST_CHARACTERS]!r} cannot be {what}", slug="bad-argument", fix=fix)


def list_releases(releases: JudgeMemory, environment: str | None = None) -> tuple[Release, ...]:
    """Return the marked releases of an environment, or of all."""
    return tuple(releases.releases(environment))
