"""Probes made of another monitor's configuration: each is read as the workspace reads it before it is written."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from outrider.app.access.requested_path import path_errors
from outrider.model import UsageError
from outrider.workspace import Variables, available_secrets, gated, hide_in_text, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.probes import Conversion, ConvertedProbe
    from outrider.workspace import Workspace

MONITORS: Final = ("gatus", "uptime-kuma", "blackbox")
_CREDENTIAL: Final = "holds what looks like a credential: name it below [secrets], and write ${NAME} instead"

_NOT_COPIED: Final = "holds what looks like a credential, which is not copied: name {} below [secrets], and set it"
_TO_SET: Final = "needs {0}: name it below [secrets], and set it"
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_COVER: Final = "***"
_SIGN_IN = re.compile(r"(?<=//)[^/@:\s]*:\$\{\w+:-\w*\}@")
"""A user whose password is a variable already."""


@dataclass(frozen=True, slots=True)
class MonitorImport:
    """What became of a configuration.

    Attributes:
        probes: How many there are.
        leftovers: A line each of what is not carried over, and why.
        document: The tables of the probes, as TOML.
        alerts: What to paste into `scheduler/alerts.toml`; empty if there is nothing.
    """

    probes: int
    leftovers: tuple[ImportLeftover, ...]
    document: str
    alerts: str


@dataclass(frozen=True, slots=True)
class ImportLeftover:
    """What is not carried over, or as a variable that is to be set; the line is None where the file has none.

    Attributes:
        is_secret: A variable, which is to be set, stands for it.
    """

    line: int | None
    what: str
    why: str
    is_secret: bool = False

    def __str__(self) -> str:
        """Return it on one line."""
        return f"{f'line {self.line}: ' if self.line is not None else ''}{self.what}: {self.why}"


def import_monitor(
    workspace: Workspace,
    monitor: str,
    file: Path,
    *,
    jobs: Path | None = None,
    targets: Sequence[tuple[str, str]] = (),
) -> MonitorImport:
    """Convert a configuration of Gatus, Uptime Kuma or the blackbox exporter; nothing is written.

    Args:
        workspace: Whose probes they are to be.
        monitor: One of MONITORS.
        file: Its configuration.
        jobs: Of the blackbox exporter: Prometheus' configuration, which names the targets.
        targets: Others, each with its module.

    Raises:
        ConfigError: bad-import if the file is none of that monitor, or harmful.
        UsageError: unreadable-file.
    """
    from outrider.probes import convert_monitor, toml_document  # noqa: PLC0415 - libcurl is slow to import

    conversion = convert_monitor(monitor, file, jobs=jobs, targets=targets)
    sound: list[ConvertedProbe] = []
    leftovers = [
        ImportLeftover(left.line, _key(left.where, left.what), left.why, left.is_secret)
        for left in conversion.leftovers
    ]
    for probe in conversion.probes:
        text = toml_document([(f"[{probe.name}]", probe.table, ())])
        problem = _problem_of(workspace, text)
        if problem:
            leftovers.append(ImportLeftover(probe.line, probe.origin, problem))
            continue
        cleaned, names = without_credentials(probe.table, probe.name)
        if names and _problem_of(workspace, toml_document([(f"[{probe.name}]", cleaned, ())])):
            cleaned, names = probe.table, ()  # where no variable can stand, it is only pointed out
        sound.append(replace(probe, table=cleaned))
        if names:
            leftovers.append(
                ImportLeftover(probe.line, probe.origin, _NOT_COPIED.format(" and ".join(names)), is_secret=True)
            )
        elif gated(bare := _SIGN_IN.sub("", text)) != bare:
            leftovers.append(ImportLeftover(probe.line, probe.origin, _CREDENTIAL))
    leftovers.sort(key=lambda left: left.line or 0)
    document = toml_document((f"[{probe.name}]", probe.table, [f"{monitor}: {probe.origin}"]) for probe in sound)
    alerts = _alerts(conversion)
    leftovers += [
        ImportLeftover(None, "scheduler/alerts.toml", _TO_SET.format(name), is_secret=True)
        for name in dict.fromkeys(_VARIABLE.findall(alerts))
    ]
    return MonitorImport(len(sound), tuple(leftovers), document, alerts)


def write_import(imported: MonitorImport, target: Path, *, force: bool) -> None:
    """Write the probes to a file.

    Raises:
        UsageError: file-exists if it is there, unless forced; unwritable-file.
    """
    try:
        with path_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("w" if force else "x", encoding="utf-8") as writer:
                writer.write(imported.document)
    except FileExistsError:
        fix = "name another --out, or replace it with --force"
        raise UsageError(f"{target}: exists already", slug="file-exists", fix=fix) from None


def without_credentials(table: Mapping[str, object], probe: str) -> tuple[Mapping[str, object], tuple[str, ...]]:
    """Return a table with a variable in the place of each literal credential, and the names of the variables."""
    names: list[str] = []

    def variable(_: object) -> str:
        number = f"_{len(names) + 1}" if names else ""
        names.append(re.sub(r"[^A-Z0-9]+", "_", f"{probe}_CREDENTIAL{number}".upper()).strip("_"))
        return f"${{{names[-1]}:-}}"

    def cleaned(value: object) -> object:
        if isinstance(value, str):
            is_clean = _COVER in value or hide_in_text(bare := _SIGN_IN.sub("", value)) == bare
            return value if is_clean else re.sub(re.escape(_COVER), variable, hide_in_text(value))
        if isinstance(value, Mapping):
            return {key: cleaned(inner) for key, inner in value.items()}
        return [cleaned(inner) for inner in value] if isinstance(value, list | tuple) else value

    return {key: cleaned(value) for key, value in table.items()}, tuple(names)


def _key(where: str, what: str) -> str:
    return f"{where}{'.' if what else ''}{what}"


def _problem_of(workspace: Workspace, text: str) -> str:
    """Return why the workspace would refuse a table; empty if it takes it."""
    from outrider.probes import read_probes  # noqa: PLC0415 - libcurl is slow to import

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "probes").mkdir()
        (root / "outrider.toml").touch()
        (root / "probes" / "imported.toml").write_text(text, encoding="utf-8")
        variables = Variables(os.environ, workspace.env, available_secrets(workspace, os.environ))
        catalogue = read_probes(load(root), variables)
    return "; ".join(f"{problem.what}: {problem.fix}" for problem in catalogue.problems)


def _alerts(conversion: Conversion) -> str:
    """Return tables for `scheduler/alerts.toml`."""
    from outrider.probes import toml_document  # noqa: PLC0415 - libcurl is slow to import

    return toml_document((header, table, ()) for header, table in conversion.alerts)
