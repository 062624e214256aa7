"""`[telemetry]` is read whole, and what cannot hold is reported with its line before anybody relies on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrider.model import ConfigErrors
from outrider.workspace import TelemetryKeep, TelemetrySettings, load

if TYPE_CHECKING:
    from pathlib import Path

    from outrider.workspace import Workspace

WHOLE = """
[secrets]
CH = {env = "CH"}

[capabilities]
metrics = false

[telemetry]
listen = "[::1]:14318"
networks = ["10.0.0.0/8"]
clickhouse = "https://outrider@db.example:8443/outrider"
clickhouse_password = "CH"
memory = "1.5 GB"
readers = 2
disk = "40GB"
spool = "500 MB"
logs = "14d"
spans = "36h"
metrics = "60d"
rollups = "800d"
hide_addresses = true
apdex = "200ms"
free = "2 GB"

[telemetry.keep]
rate = 0.1
slow = "800ms"
services = {checkout = 1, "batch job" = 0.01}
operations = {"GET /export" = "10s"}

[telemetry.budget]
logs = "5 GB"
"""


def workspace_of(root: Path, text: str) -> Workspace:
    (root / "outrider.toml").write_text(text, encoding="utf-8")
    return load(root)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Sizes are decimal, durations in seconds, an address of IPv6 without its brackets."""
    workspace = workspace_of(tmp_path, WHOLE)

    assert workspace.telemetry == TelemetrySettings(
        "::1", 14318, ("10.0.0.0/8",), "https://outrider@db.example:8443/outrider", "CH", 1_500_000_000, 2,
        40_000_000_000, 500_000_000, 14 * 86_400.0, 36 * 3_600.0, 60 * 86_400.0, 800 * 86_400.0, hide_addresses=True,
        apdex_ms=200.0,
        least_free_bytes=2_000_000_000,
        keep=TelemetryKeep(0.1, 0.8, {"checkout": 1.0, "batch job": 0.01}, {"GET /export": 10.0}),
        budget={"logs": 5_000_000_000},
    )  # fmt: skip
    assert (workspace.capabilities.logs, workspace.capabilities.metrics) == (True, False)


def test_without_a_section_no_telemetry_is_taken(tmp_path: Path) -> None:
    """An empty section takes it with the defaults."""
    assert workspace_of(tmp_path, "").telemetry is None
    assert workspace_of(tmp_path, "[telemetry]\n").telemetry == TelemetrySettings(grpc=("127.0.0.1", 4317))


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ('listen = "4318"', "bad-address"),
        ('listen = "127.0.0.1:70000"', "bad-address"),
        ('syslog = "127.0.0.1:4318"', "bad-address"),
        ('grpc = "0.0.0.0:4318"', "bad-address"),
        ('networks = ["office"]', "bad-address"),
        ('clickhouse = "db.example"', "bad-url"),
        ('clickhouse = "https://a:b@db.example"', "bad-url"),
        ('clickhouse_password = "hunter2"', "unknown-secret"),
        ("disk = 10", "wrong-type"),
        ('disk = "10 GiB"', "wrong-type"),
        ('disk = "1 MB"', "out-of-range"),
        ('memory = "1 MB"', "out-of-range"),
        ("readers = 0", "out-of-range"),
        ('logs = "1s"', "out-of-range"),
        ('log = "7d"', "unknown-key"),
    ],
)
def test_what_cannot_hold_is_reported(tmp_path: Path, text: str, slug: str) -> None:
    """With the line at which it stands."""
    with pytest.raises(ConfigErrors) as errors:
        workspace_of(tmp_path, f"[telemetry]\n{text}\n")

    (problem,) = errors.value.problems
    assert (problem.slug, problem.where.line if problem.where else 0) == (slug, 2)


def test_origins_are_read_as_browsers_write_them(tmp_path: Path) -> None:
    """In lower case, without the scheme's own port, each once."""
    written = '["https://Shop.example/", "https://shop.example:443", "http://127.0.0.1:8000", "http://[::1]:80"]'
    workspace = workspace_of(tmp_path, f"[telemetry]\npropagate_to = {written}\n")

    assert workspace.telemetry is not None
    assert workspace.telemetry.propagate_to == ("https://shop.example", "http://127.0.0.1:8000", "http://[::1]")


@pytest.mark.parametrize(
    "origin",
    ["*", "shop.example", "https://*.shop.example", "https://a@shop.example", "https://shop.example/api", "ftp://a",
     "https://shop.example?q", "https://"],
)  # fmt: skip
def test_what_is_no_origin_is_refused(tmp_path: Path, origin: str) -> None:
    """A header goes where somebody said, and nowhere else."""
    with pytest.raises(ConfigErrors, match="propagate_to"):
        workspace_of(tmp_path, f'[telemetry]\npropagate_to = ["{origin}"]\n')


def test_parameters_of_addresses_are_names(tmp_path: Path) -> None:
    """`[errors] query` lets nothing through that is no name."""
    workspace = workspace_of(tmp_path, '[errors]\nquery = ["page", "filter[size]"]\n')

    assert workspace.errors is not None
    assert workspace.errors.query == ("page", "filter[size]")
    with pytest.raises(ConfigErrors, match="names of parameters"):
        workspace_of(tmp_path, '[errors]\nquery = ["*"]\n')
