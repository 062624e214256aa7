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


UNIT = {
    "tests/unit/test_mentions.py": '"""Needs no playwright."""\ndef test_a(): assert "playwright" in str(open)\n',
    "tests/unit/test_mocks.py": "from unittest.mock import MagicMock\nfrom playwright.sync_api import Page\n"
    "from pages.login import LoginPage\ndef test_a(): LoginPage(MagicMock(spec=Page))\n",
    "tests/unit/test_errors.py": "from playwright.sync_api import Error\ndef test_a(): raise Error('x')\n",
    "tests/unit/test_patches.py": "def test_a(mocker): mocker.patch('playwright.sync_api.sync_playwright')\n",
    "tests/unit/test_plain.py": "def test_a(): ...\n",
}


def test_a_monorepo_is_folded_and_its_unit_tests_are_left_out(tmp_path: Path) -> None:
    """A hundred folders become the one above them; mentioning, mocking or importing types drives no browser."""
    folders = {f"apps/app{number}/e2e/test_{number}.py": DIRECT for number in range(100)}
    mixed = {"tests/test_mixed.py": DIRECT, "web/a/test_w.py": DIRECT, "web/b/test_x.py": "def test_a(): ...\n"}
    write(tmp_path, {**folders, **mixed, **UNIT, "pages/login.py": PAGES})

    suite = find_suite(tmp_path)

    assert suite.paths == ("apps", "tests/test_mixed.py", "web/a")
    assert suite.left_out == (*sorted(UNIT), "web/b/test_x.py")
    assert suite.mentioning == tuple(sorted(UNIT.keys() - {"tests/unit/test_plain.py"}))


@pytest.mark.parametrize(
    "text",
    [
        "import pytest\n@pytest.mark.usefixtures('page')\ndef test_a(): ...",
        "def test_a(request):\n    request.getfixturevalue('page')",
        "from playwright.sync_api import sync_playwright\ndef test_a():\n    with sync_playwright() as p: ...",
        "import playwright.async_api\nasync def test_a():\n    async with playwright.async_api.async_playwright(): ...",
        "import pytest\nclass TestA:\n    @pytest.fixture(autouse=True)\n    def go(self, page): self.page = page\n"
        "    def test_a(self): self.page.goto('/')",
        "from pytest_bdd import given, scenarios\nscenarios('.')\n@given('a shop')\ndef shop(page): ...",
        "from unittest.mock import patch\ndef test_a(page): ...",
        "import pytest\n@pytest.fixture\ndef page(page): return page\ndef test_a(page): ...",
    ],
)
def test_every_way_to_a_browser_is_known(tmp_path: Path, text: str) -> None:
    """Whatever a test does beside it."""
    write(tmp_path, {"tests/test_a.py": text, **UNIT})

    assert find_suite(tmp_path).paths == ("tests/test_a.py",)


def test_a_fixture_of_the_suite_that_is_only_called_page_drives_nothing(tmp_path: Path) -> None:
    """Of a book, say."""
    book = "import pytest\n@pytest.fixture\ndef page(): return 1\n"
    write(tmp_path, {"tests/conftest.py": book, "tests/test_a.py": "def test_a(page): assert page == 1\n"})

    assert find_suite(tmp_path).paths == ()


def test_many_folders_of_one_name_are_a_pattern(tmp_path: Path) -> None:
    """Beside unit tests that no pattern may match."""
    units = {
        f"packages/team{number % 3}/app{number}/tests/unit/test_u.py": "def test_a(): ...\n" for number in range(9)
    }
    ends = {f"packages/team{number % 3}/app{number}/tests/e2e/test_e.py": DIRECT for number in range(9)}
    mixed = {f"libs/lib{number}/tests/test_l.py": DIRECT if number else "def test_a(): ...\n" for number in range(7)}
    write(tmp_path, {**units, **ends, **mixed})

    suite = find_suite(tmp_path)

    assert suite.paths == (*(f"libs/lib{number}/tests" for number in range(1, 7)), "packages/*/*/tests/e2e")


def test_a_fixture_of_one_folder_says_nothing_about_another(tmp_path: Path) -> None:
    """A `page` of a book in one file, of a conftest in another, and the plug-in's everywhere else."""
    book = "import pytest\n@pytest.fixture\ndef page(): return 1\n"
    launch = "import pytest\nfrom playwright.sync_api import sync_playwright\n@pytest.fixture\ndef page():\n" + (
        "    with sync_playwright() as p: yield p.chromium.launch().new_page()\n"
    )
    files = {
        "books/test_book.py": book + "def test_a(page): assert page\n",
        "press/conftest.py": book,
        "press/test_print.py": "def test_a(page): assert page\n",
        "press/web/conftest.py": launch,
        "press/web/test_web.py": DIRECT,
        "own/test_own.py": launch + DIRECT,
        "shop/test_shop.py": DIRECT,
    }
    write(tmp_path, files)

    suite = find_suite(tmp_path)

    assert suite.paths == ("own", "press/web", "shop")
    assert suite.left_out == ("books/test_book.py", "press/test_print.py")


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

    assert list(find_suite(tmp_path).paths) == suite


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
