"""Runbooks: what to do about an incident, where people read it, and with what is known of that incident filled in."""

from __future__ import annotations

import re
import shlex
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from outrider.alerts.finding import Problem
from outrider.alerts.incident import check_of_evidence
from outrider.model import UsageError
from outrider.workspace import is_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.alerts.incident import Incident

FOLDER = "scheduler/runbooks"
"""Where those of a workspace stand."""

_BUILT_IN: Final = Path(__file__).parent / "built_in_runbooks"
"""One for each problem, for receivers that are away, and `_JUDGED`; a file of a workspace of that name comes first."""
_JUDGED: Final = {"service", "page"}
"""Kinds of subject that are judged without a run, and so have a runbook of their own for being slow or failing."""
_MOST_BYTES = 200_000
_FACTS: Final = ("what", "step", "address", "observed", "expected", "release", "run", "query")
_LABELS: Final = ("service", "page", "environment", "location", "host", "receiver", "issue")
_PLACEHOLDER: Final = re.compile(r"\{\{ *(" + "|".join(("check", "incident", *_FACTS, *_LABELS)) + r") *\}\}")
_FORM: Final = """# {title}

## What it means

What is wrong with {{{{ check }}}}, in words that somebody understands who was just woken up.

## Who suffers

Which users notice it, and how.

## Look here first

1. The page or the command that shows most: `outrider show {{{{ run }}}}`

## Do this

1. What can be done at once and does no harm.

## When to escalate

After how long, and to whom.
"""


def runbook_of(incident: Incident) -> str:
    """Return the name of an incident's runbook: what its label says, else a built-in one."""
    built_in, kind = str(incident.problem), incident.labels.get("kind", "")
    if incident.labels.get("receiver"):
        built_in = "receiver"
    elif kind in _JUDGED and incident.problem in {Problem.FAILURE, Problem.DEGRADATION}:
        built_in = kind
    return incident.labels.get("runbook", "") or f"{built_in}.md"


def runbook_address(name: str, base: str, incident: str = "") -> str:
    """Return the address of a runbook: its own, such as in a wiki, or its page below a base.

    Args:
        incident: Id of the one that it is filled in for; empty for none.
    """
    if _is_address(name):
        return name
    return f"{base.rstrip('/')}/runbooks/{quote(name)}{'?' if incident else ''}{urlencode(_some(incident=incident))}"


def runbook_place(incident: Incident, links: str) -> str:
    """Return where to read an incident's runbook: its address, or the workspace's file where there are no pages.

    It is empty where nobody wrote one and no page could show the built-in one.
    """
    named = incident.labels.get("runbook", "")
    if links or _is_address(named):
        return runbook_address(runbook_of(incident), links, incident.id)
    return f"{FOLDER}/{named}" if named else ""


def is_runbook(root: Path, name: str) -> bool:
    """Return whether a workspace has a runbook of this name, Outrider has, or another place does."""
    return _is_address(name) or _file(root, name) is not None


def read_runbook(root: Path, name: str) -> str | None:
    """Return the text of a workspace's runbook or of a built-in one, at most 200 kB of it; None if there is none."""
    path = _file(root, name)
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return None


def list_runbooks(root: Path) -> dict[str, bool]:
    """Return the names of all runbooks, and whether a file of the workspace has it."""
    folder = root / FOLDER
    own = {path.relative_to(folder).as_posix() for path in folder.rglob("*.md") if path.is_file()}
    return {name: name in own for name in sorted(own | {path.name for path in _BUILT_IN.glob("*.md")})}


def new_runbook(root: Path, name: str) -> Path:
    """Write a runbook into a workspace, to be edited: a built-in one as it is, any other as an empty form.

    Returns:
        Its path.

    Raises:
        UsageError: bad-name, file-exists.
    """
    name = name if name.endswith(".md") else f"{name}.md"
    if not _is_below(name) or _is_address(name):
        what = f'a runbook cannot be called "{name[:80]}"'
        raise UsageError(what, slug="bad-name", fix=f"give a name such as pay.md: it is written into {FOLDER}/")
    path = root / FOLDER / name
    built_in = _BUILT_IN / name
    title = PurePosixPath(name).stem.replace("-", " ").replace("_", " ").capitalize()
    text = built_in.read_text("utf-8") if is_file(built_in) else _FORM.format(title=title)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        what = f"there is a runbook {FOLDER}/{name} already"
        raise UsageError(what, slug="file-exists", fix="edit it, or give another name") from None
    return path


def runbook_values(incident: Incident) -> dict[str, str]:
    """Return what is known of an incident by the names of placeholders; what is not known is empty."""
    facts = {name: str(getattr(incident.lead, name)) for name in _FACTS}
    labels = {name: incident.labels.get(name, "") for name in _LABELS}
    return {**facts, **labels, "check": check_of_evidence(incident), "incident": incident.id}


def fill_in(text: str, values: Mapping[str, str], *, is_code: bool = False) -> str:
    """Return a text with its placeholders, `{{ check }}`, replaced; other braces stay.

    Args:
        values: By name; empty if there is no incident.
        is_code: Quotes values for a shell, and what is not known stays a name to replace, as in help: `CHECK`.
    """

    def value(match: re.Match[str]) -> str:
        known = " ".join(values.get(match[1], "").split())
        if is_code or not values:
            return shlex.quote(known) if known else match[1].upper()
        return known or "not known"

    return _PLACEHOLDER.sub(value, text)


def _file(root: Path, name: str) -> Path | None:
    """Return the file of a runbook: the workspace's, else the built-in one."""
    folders = (root / FOLDER, _BUILT_IN) if _is_below(name) else ()
    return next((folder / name for folder in folders if is_file(folder / name)), None)


def _is_below(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def _is_address(name: str) -> bool:
    return name.startswith(("https://", "http://"))


def _some(**values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
