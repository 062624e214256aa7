"""A minimal workspace that runs at once."""

import ast
import tomllib
from pathlib import Path

import pytest

from outrider.model import ConfigError
from outrider.workspace import init, load

SUITE = "from playwright.sync_api import Page\n\ndef test_a(page: Page) -> None:\n    page.goto('/')\n"


def write(root: Path, path: str, content: str = "") -> None:
    """Write a file below `root`."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(content)


def test_an_empty_folder_becomes_a_workspace_that_loads(tmp_path: Path) -> None:
    """All five folders are there, and an example that is valid Python."""
    done = init(tmp_path / "shop")

    assert set(done.written) == {
        "outrider.toml",
        "scheduler/schedule.toml",
        "journeys/test_example.py",
        "probes/.gitkeep",
        "baselines/.gitkeep",
        "reports/.gitkeep",
        ".gitignore",
    }
    assert (done.kept, done.suite.paths) == ((), ())
    assert load(tmp_path / "shop").name == "shop"
    assert "def test_" in ast.unparse(ast.parse((tmp_path / "shop/journeys/test_example.py").read_text()))


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    """What is there is named and left."""
    init(tmp_path)
    write(tmp_path, "outrider.toml", "# mine")

    done = init(tmp_path)

    assert done.written == ()
    assert "outrider.toml" in done.kept
    assert (tmp_path / "outrider.toml").read_text() == "# mine"


@pytest.mark.parametrize(
    ("files", "suite"),
    [
        ({"tests/e2e/test_a.py": SUITE, "tests/e2e/deep/test_b.py": SUITE, "tests/unit/test_c.py": "x"}, ["tests/e2e"]),
        ({"test_a.py": SUITE, "more/test_b.py": SUITE}, ["."]),
        ({"journeys/shop_test.py": "def test_x(page):\n    pass"}, ["journeys"]),
        ({"a/test_a.py": SUITE, "b/test_b.py": "async def test_x(self, page: Page): ..."}, ["a", "b"]),
        ({"ab/test_a.py": SUITE, "a/test_b.py": SUITE}, ["a", "ab"]),
        ({"é b/test_a.py": SUITE}, ["é b"]),
        ({"venv/test_a.py": SUITE, ".hidden/test_a.py": SUITE, "tests/test_a.py": "pages = 1"}, []),
        ({"helper.py": SUITE, "tests/conftest.py": SUITE}, []),
    ],
)
def test_a_suite_that_is_there_becomes_the_journeys(tmp_path: Path, files: dict[str, str], suite: list[str]) -> None:
    """No example is put beside somebody's own tests."""
    for path, content in files.items():
        write(tmp_path, path, content)

    done = init(tmp_path)

    assert list(done.suite.paths) == suite
    assert load(tmp_path).journeys.paths == (tuple(suite) or ("journeys",))
    assert ("journeys/test_example.py" in done.written) is (not suite)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("dist\n", "dist\n.outrider/\n"),
        ("dist", "dist\n.outrider/\n"),
        ("/.outrider\n", "/.outrider\n"),
        ("é\xff\n", "é\xff\n.outrider/\n"),
    ],
)
def test_git_is_told_to_ignore_our_own_folder_once(tmp_path: Path, before: str, after: str) -> None:
    """Lines that are there stay, whatever their encoding."""
    (tmp_path / ".gitignore").write_bytes(before.encode("latin-1"))

    init(tmp_path)

    assert (tmp_path / ".gitignore").read_bytes() == after.encode("latin-1")


@pytest.mark.parametrize("name", ['shop "1"', "back\\slash", "{name}", "tab\tname", "ünï😀"])
def test_whatever_the_folder_is_called_the_settings_load(tmp_path: Path, name: str) -> None:
    """Quotes and braces of the name stay its own."""
    (tmp_path / name).mkdir()

    init(tmp_path / name)

    assert load(tmp_path / name).name == (name if name.isprintable() else "workspace")


def test_a_workspace_within_another_needs_force(tmp_path: Path) -> None:
    """It is hardly ever meant."""
    init(tmp_path)

    with pytest.raises(ConfigError) as caught:
        init(tmp_path / "inner")

    assert caught.value.slug == "nested-workspace"
    assert not (tmp_path / "inner").exists()
    assert "outrider.toml" in init(tmp_path / "inner", force=True).written


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """Here a file stands where the folder should; a read-only folder ends alike."""
    write(tmp_path, "shop")

    with pytest.raises(ConfigError) as caught:
        init(tmp_path / "shop")

    assert caught.value.slug == "unwritable-folder"


@pytest.mark.parametrize(("files", "included"), [({".env": "A=1", ".env.qa": ""}, (".env", ".env.qa")), ({}, ())])
def test_a_suites_environment_files_are_copied_for_runs(
    tmp_path: Path, files: dict[str, str], included: tuple[str, ...]
) -> None:
    """Git ignores them as a rule, and the suite reads them."""
    for path, content in {"tests/test_a.py": SUITE, **files}.items():
        write(tmp_path, path, content)

    done = init(tmp_path)

    assert done.included == included
    assert load(tmp_path).include == ((".env*",) if included else ())


def test_suites_of_playwright_test_become_probes_that_are_off(tmp_path: Path) -> None:
    """Of the repository itself and of a folder; what tools installed is no suite."""
    for folder in ("", "e2e/", "node_modules/playwright/"):
        write(tmp_path, f"{folder}playwright.config.ts", "export default {}")

    done = init(tmp_path)

    tables = tomllib.loads((tmp_path / "probes/suites.toml").read_text())
    assert done.playwright == (".", "e2e")
    assert {name: table["folder"] for name, table in tables.items()} == {"playwright": ".", "e2e": "e2e"}
    assert not any(table["enabled"] for table in tables.values())
    assert not (tmp_path / "probes/.gitkeep").exists()
