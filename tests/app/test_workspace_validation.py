"""All problems of a workspace at once, and none that only follows from another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.app.test_examination import changed, write

from outrider.app import validate_workspace

if TYPE_CHECKING:
    from pathlib import Path


def test_problems_of_all_files_are_reported_at_once(tmp_path: Path) -> None:
    """A fault in one file hides none in another, wherever it is."""
    files = changed("outrider.toml: workspace/timezone", "Mars/Base")
    files["scheduler/schedule.toml"]["check"][0]["every"] = "soon"
    files["scheduler/alerts.toml"]["incidents"]["open"] = "3 of 2"
    files["probes/shop.toml"]["home"]["kind"] = "odd"
    files["reports/weekly.toml"] |= {"mail": ["nobody"], "cron": "soon", "sections": ["odd"]}
    write(tmp_path, files)

    problems = validate_workspace(tmp_path).problems

    assert [(str(problem.where), problem.slug) for problem in problems if problem.where] == [
        ("outrider.toml:1", "unknown-timezone"),
        ("scheduler/schedule.toml:1", "bad-duration"),
        ("probes/shop.toml:1", "out-of-range"),
        ("reports/weekly.toml:4", "bad-cron"),
        ("reports/weekly.toml:6", "bad-report"),
        ("scheduler/alerts.toml:1", "out-of-range"),
    ]


def test_what_follows_from_wrong_settings_is_no_problem_of_its_own(tmp_path: Path) -> None:
    """A probe with a variable of a file that cannot be read is not called wrong; a wrong alert rule still is."""
    write(tmp_path, changed("scheduler/alerts.toml: incidents/open", "3 of 2"))
    (tmp_path / "outrider.toml").write_text("[env\n")

    assert [problem.slug for problem in validate_workspace(tmp_path).problems] == ["broken-toml", "out-of-range"]


@pytest.mark.parametrize("env", ['X = "a\\u0000b"', "SHOP = 5", '"A=B" = "x"'])
def test_a_wrong_variable_is_one_problem_beside_those_of_other_files(tmp_path: Path, env: str) -> None:
    """It is not handed to the process that collects tests."""
    write(tmp_path, changed("scheduler/schedule.toml: service/drain", "5x"))
    (tmp_path / "journeys").mkdir()
    (tmp_path / "journeys/test_a.py").write_text("def test_a() -> None: ...\n")
    text = "" if env.startswith("SHOP") else 'SHOP = "http://127.0.0.1:9"\n'
    (tmp_path / "outrider.toml").write_text(f'[env]\n{text}{env}\n[aliases]\na = "b"\nb = "a"\n')

    problems = validate_workspace(tmp_path).problems

    assert [problem.where.file for problem in problems if problem.where] == [
        "outrider.toml",
        "outrider.toml",
        "scheduler/schedule.toml",
    ]


def test_a_variable_of_the_store_that_is_not_set_is_a_problem_of_its_line(tmp_path: Path) -> None:
    """Without a server being asked."""
    (tmp_path / "outrider.toml").write_text('[store]\nurl = "postgresql+psycopg://a:${NOT_SET}@127.0.0.1/x"\n')

    problems = validate_workspace(tmp_path).problems

    assert [(problem.slug, str(problem.where)) for problem in problems] == [("unknown-variable", "outrider.toml:2")]


def test_a_problem_of_the_store_has_the_line_that_names_it(tmp_path: Path) -> None:
    """Both of its addresses are looked at."""
    (tmp_path / "outrider.toml").write_text('[store]\nurl = "odd://x"\nartifacts = "odd://y"\n')

    problems = validate_workspace(tmp_path).problems

    assert [str(problem.where) for problem in problems] == ["outrider.toml:2", "outrider.toml:3"]


def test_a_probe_with_a_secret_that_is_wrong_itself_is_not_called_wrong(tmp_path: Path) -> None:
    """The line of the secret is the one to correct; that another one has no value is reported too."""
    (tmp_path / "outrider.toml").write_text('[secrets]\nA = 5\nB = {env = "NO_SUCH_VARIABLE"}\n')
    (tmp_path / "probes").mkdir()
    (tmp_path / "probes/p.toml").write_text('[p]\nkind = "http"\nurl = "http://127.0.0.1:9/${A}"\n')

    problems = validate_workspace(tmp_path).problems

    assert [str(problem.where) for problem in problems] == ["outrider.toml:2", "outrider.toml:3"]
