"""The face of the converters: what reads YAML is imported when something is converted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from outrider.probes.converters.conversion import Conversion


def convert_monitor(
    monitor: str, file: Path, *, jobs: Path | None = None, targets: Sequence[tuple[str, str]] = ()
) -> Conversion:
    """Return what becomes of a configuration of gatus, uptime-kuma or blackbox.

    Raises:
        ConfigError: bad-import if the file is none of that monitor, or harmful.
        UsageError: unreadable-file.
    """
    from outrider.probes.converters.configuration_file import convert_configuration  # noqa: PLC0415 - see above

    return convert_configuration(monitor, file, jobs, targets)
