"""The service of `outrider up`: a supervisor of its processes, and a record of them for commands beside it."""

from __future__ import annotations

import tomllib
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from outrider.app.access.process_record import ProcessRecord
from outrider.app.processes.child_table import CHILDREN, ServiceOptions, ServiceRole
from outrider.app.processes.supervisor import Supervisor
from outrider.model import UsageError
from outrider.workspace import SETTINGS_FILE, STATE_FOLDER, find_root

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@contextmanager
def supervised_service(command: Sequence[str], options: ServiceOptions) -> Iterator[Supervisor]:
    """Yield what keeps the processes of a service running, for the workspace that the current folder lies in.

    Args:
        command: Runs one of the processes, when its order is added.
        options: What was asked for.

    Raises:
        ConfigError: If there is no workspace.
        UsageError: nothing-to-take if it is to take telemetry and errors only, and the workspace takes neither.
    """
    root = find_root(Path.cwd())
    record = ProcessRecord(root / STATE_FOLDER)
    wanted = replace(options, has_telemetry=_has_section(root, "telemetry"), has_errors=_has_section(root, "errors"))
    if wanted.role is ServiceRole.INGEST and not (wanted.takes_telemetry or wanted.takes_errors):
        raise UsageError(
            f"{root / SETTINGS_FILE}: --role ingest has nothing to take",
            slug="nothing-to-take",
            fix="write [telemetry] or [errors] there, or leave out --role",
        )
    try:
        yield Supervisor(CHILDREN, command, wanted, record.write)
    finally:
        record.close()


def _has_section(root: Path, name: str) -> bool:
    """Return whether a workspace may take telemetry, or errors; processes that load its files say what is wrong.

    Whether it is switched on may change while the service runs, which their processes follow.
    """
    try:
        return name in tomllib.loads((root / SETTINGS_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return False
