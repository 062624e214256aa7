"""The configuration of another monitor, read and converted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from outrider.model import ConfigError, UsageError
from outrider.probes.converters.blackbox import convert_blackbox
from outrider.probes.converters.gatus import convert_gatus
from outrider.probes.converters.uptime_kuma import convert_uptime_kuma, read_kuma
from outrider.probes.converters.yaml_document import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from outrider.probes.converters.conversion import Conversion

_MOST_BYTES: Final = 2_000_000
_MOST_DATABASE_BYTES: Final = 20_000_000_000


def convert_configuration(
    monitor: str, file: Path, jobs: Path | None, targets: Sequence[tuple[str, str]]
) -> Conversion:
    """Return what becomes of a monitor's configuration.

    Args:
        monitor: One of MONITORS.
        file: Its configuration.
        jobs: Of the blackbox exporter: Prometheus' configuration, which names the targets.
        targets: Others, each with its module.

    Raises:
        ConfigError: bad-import if the file is none of that monitor, or harmful.
        UsageError: unreadable-file.
    """
    name = file.name
    if monitor == "uptime-kuma":
        _check_size(file, _MOST_DATABASE_BYTES)
        if not _is_database(file):
            _check_size(file, 10 * _MOST_BYTES)
        return convert_uptime_kuma(read_kuma(file, name), name)
    document = parse_yaml(_text(file), name)
    if monitor == "gatus":
        return convert_gatus(document, name)
    scraped = None if jobs is None else parse_yaml(_text(jobs), jobs.name)
    return convert_blackbox(document, name, jobs=scraped, targets=targets)


def _is_database(file: Path) -> bool:
    with file.open("rb") as reader:
        return reader.read(6) == b"SQLite"


def _text(file: Path) -> str:
    _check_size(file, _MOST_BYTES)
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{file.name} is not UTF-8", slug="bad-import", fix="save it as UTF-8") from None


def _check_size(file: Path, most: int) -> None:
    try:
        size = file.stat().st_size
        if not file.is_file():
            raise UsageError(f"{file}: is no file", slug="unreadable-file", fix="name a file")
        with file.open("rb"):
            pass
    except OSError as error:
        why = f"{file}: cannot be read: {error.strerror}"
        raise UsageError(why, slug="unreadable-file", fix="name a file that this user can read") from None
    if size > most:
        fix = "import a part of it at a time"
        raise ConfigError(f"{file.name} has {size:,} bytes, more than {most:,}", slug="bad-import", fix=fix)
