"""Probes made of another monitor's configuration: each is read as the workspace reads it before it is written."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from outrider.app.requested_path import path_errors
from outrider.model import UsageError
from outrider.workspace import Variables, available_secrets, gated, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.probes import Conversion, ConvertedProbe
    from outrider.workspace import Workspace

MONITORS: Final = ("gatus", "uptime-kuma", "blackbox")
_CREDENTIAL: Final = "holds what looks like a credential: name it below [secrets], and write ${NAME} instead"


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
    """What is not carried over; the line is unknown (None) where the file has none."""

    line: int | None
    what: str
    why: str

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
    leftovers = [ImportLeftover(left.line, _key(left.where, left.what), left.why) for left in conversion.leftovers]
    for probe in conversion.probes:
        text = toml_document([(f"[{probe.name}]", probe.table, ())])
        problem = _problem_of(workspace, text)
        if problem:
            leftovers.append(ImportLeftover(probe.line, probe.origin, problem))
            continue
        sound.append(probe)
        if gated(text) != text:
            leftovers.append(ImportLeftover(probe.line, probe.origin, _CREDENTIAL))
    leftovers.sort(key=lambda left: left.line or 0)
    document = toml_document((f"[{probe.name}]", probe.table, [f"{monitor}: {probe.origin}"]) for probe in sound)
    return MonitorImport(len(sound), tuple(leftovers), document, _alerts(conversion))


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
