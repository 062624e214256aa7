"""Where a repository's own tests stand."""

from pathlib import Path

import pytest

from outrider.workspace.pytest_suites import PytestSettings, find_suite, read_pytest_settings

DIRECT = "def test_a(page):\n    page.goto('/')\n"
PAGES = "from playwright.sync_api import Page\n\nclass LoginPage:\n    pass\n"
CONFTEST = (
    "import pytest\nfrom playwright.sync_api import Page\n\n@pytest.fixture(\n    scope='class',\n)\ndef shop(): ...\n"
)
DEFAULTS = PytestSettings()


def write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


@pytest.mark.parametrize(
    ("files", "suite"),
    [
        ({"conftest.py": CONFTEST, "tests/test_a.py": "def test_a(shop): ..."}, ["tests"]),
        ({"pages/login.py": PAGES, "e2e/test_a.py": "from pages.login import LoginPage"}, ["e2e"]),
        (
            {
                "pages/login.py": PAGES,
                "fixtures/login.py": "@pytest.fixture\ndef login():\n    return LoginPage()",
                "tests/test_a.py": "def test_a(login): ...",
            },
            ["tests"],
        ),
        ({"tests/a/test_a.py": DIRECT, "tests/b/test_b.py": DIRECT}, ["tests"]),
        (
            {"tests/a/test_a.py": DIRECT, "tests/b/test_b.py": DIRECT, "tests/unit/test_c.py": "x"},
            ["tests/a", "tests/b"],
        ),
        ({"tests/a/test_a.py": DIRECT, "pytest.ini": "[pytest]\ntestpaths = tests\n"}, ["tests"]),
        (
            {"tests/a/test_a.py": DIRECT, "tests/test_b.py": "x", "pytest.ini": "[pytest]\ntestpaths = tests\n"},
            ["tests/a"],
        ),
        ({"specs/login_tests.py": DIRECT, "setup.cfg": "[tool:pytest]\npython_files = *_tests.py\n"}, ["specs"]),
        ({"tests/login_tests.py": DIRECT, "tests/conftest.py": CONFTEST}, ["tests/login_tests.py"]),
        ({"conftest.py": CONFTEST, "tests/test_a.py": "def test_a(): ..."}, []),
    ],
)
def test_tests_that_use_playwright_are_found(tmp_path: Path, files: dict[str, str], suite: list[str]) -> None:
    """By themselves or by what they import or ask for; tests of another kind are left out."""
    write(tmp_path, files)

    assert list(find_suite(tmp_path)) == suite


@pytest.mark.parametrize(
    ("files", "settings"),
    [
        ({}, DEFAULTS),
        (
            {"pytest.ini": "[pytest]\ntestpaths = a b\n", "tox.ini": "[pytest]\ntestpaths = c\n"},
            PytestSettings(("a", "b")),
        ),
        ({"pyproject.toml": "[tool.pytest.ini_options]\ntestpaths = ['a']\n"}, PytestSettings(("a",))),
        ({"pyproject.toml": "[tool.pytest]\npython_files = ['t_*.py']\n"}, PytestSettings((), ("t_*.py",))),
        ({"pyproject.toml": "[project]\n", "tox.ini": "[pytest]\ntestpaths = c\n"}, PytestSettings(("c",))),
        ({"pyproject.toml": "[tool.pytest\n", "setup.cfg": "no section"}, DEFAULTS),
        ({"pytest.ini": "", "setup.cfg": "[tool:pytest]\ntestpaths = c\n"}, DEFAULTS),
    ],
)
def test_pytests_configuration_is_read_as_pytest_does(
    tmp_path: Path, files: dict[str, str], settings: PytestSettings
) -> None:
    """The first file of pytest's order that speaks; a broken one is left for pytest to complain about."""
    write(tmp_path, files)

    assert read_pytest_settings(tmp_path) == settings
