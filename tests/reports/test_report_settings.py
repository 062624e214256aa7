"""Reports' own files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrider.model import ConfigError
from outrider.reports import ReportSettings, editions, read_settings

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
    "text",
    [
        "objectve = 0.9",
        "objective = 2.0",
        "checks = 5",
        'sections = ["x"]',
        "title = 1",
        "detailed = -1",
        "= 5",
        "objective = 0",
        "objective = true",
        "groups = 5",
        '[[groups]]\nname = "x"\nchecks = []\nmail = ["a"]',
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, text: str) -> None:
    """With the file's name, and what to write."""
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "weekly.toml").write_text(text)

    with pytest.raises(ConfigError) as caught:
        read_settings(tmp_path, "weekly")

    assert caught.value.slug == "bad-report"
    assert str(caught.value).startswith("reports/weekly.toml")


def test_groups_get_reports_of_their_own_checks(tmp_path: Path) -> None:
    """Beside the whole, if that goes to somebody."""
    (tmp_path / "reports").mkdir()
    group = '[[groups]]\nname = "payments"\nchecks = ["*pay*"]\nmail = ["team"]\n'
    (tmp_path / "reports" / "weekly.toml").write_text(f'title = "Shop"\n{group}')

    (payments,) = editions(read_settings(tmp_path, "weekly"))

    assert (payments.title, payments.checks, payments.mail) == ("Shop, payments", ("*pay*",), ("team",))
    assert editions(ReportSettings()) == []


def test_an_objective_may_be_all_of_them(tmp_path: Path) -> None:
    """No failure is allowed then."""
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "weekly.toml").write_text("objective = 1.0")

    assert read_settings(tmp_path, "weekly").objective == 1
