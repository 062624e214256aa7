"""Reports' own files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrider.model import ConfigError
from outrider.reports import ReportSettings, read_settings

if TYPE_CHECKING:
    from pathlib import Path


def test_a_report_needs_no_file(tmp_path: Path) -> None:
    """The defaults are good."""
    assert read_settings(tmp_path, "weekly") == ReportSettings()


def test_a_file_says_what_is_shown(tmp_path: Path) -> None:
    """What is not said keeps its default."""
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "weekly.toml").write_text('title = "Shop"\nobjective = 0.99\nsections = ["health"]\n')

    assert read_settings(tmp_path, "weekly") == ReportSettings(title="Shop", objective=0.99, sections=("health",))


@pytest.mark.parametrize(
    "text", ["objectve = 0.9", "objective = 2.0", "checks = 5", 'sections = ["x"]', "title = 1", "detailed = -1", "= 5"]
)
def test_what_cannot_be_is_refused(tmp_path: Path, text: str) -> None:
    """With the file's name, and what to write."""
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "weekly.toml").write_text(text)

    with pytest.raises(ConfigError) as caught:
        read_settings(tmp_path, "weekly")

    assert caught.value.slug == "bad-report"
    assert str(caught.value).startswith("reports/weekly.toml")
