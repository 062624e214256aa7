"""Files and addresses that pages show are such that the program takes them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.cli.documented_commands import ROOT, documents

from outrider.app import validate_workspace
from outrider.model import ConfigErrors
from outrider.server.api_routes import api_document

_BLOCK = re.compile(r"^```(toml|python)\n(.+?)^```$", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"# (\S+\.toml)")
_OPERATION = re.compile(r"/api/v1/([a-z][\w./{}%-]*)")
OTHER_TESTS = {"configuration.md", "alerts.md", "probes.md"}
"""Pages whose examples are taken together, each by the tests of its room."""
REFERRED = {
    "missing-secret",
    "unknown-secret",
    "missing-file",
    "unknown-check",
    "unmatched-pattern",
    "unknown-source",
    "store-url",
}
"""Secrets, scripts, checks, sources and drivers that an example names, and a workspace has."""
FOREIGN = {"/api/v1/query_range", "/api/v1/push"}
"""Of Prometheus and Loki."""
BESIDE = {
    "outrider.toml": "[telemetry]\n[errors]\n",
    "scheduler/alerts.toml": "".join(
        f'[receiver.{name}]\nkind = "webhook"\nurl = "https://hooks.shop.example/"\n'
        for name in ("managers", "payments-team")
    ),
}


def examples(language: str) -> dict[str, str]:
    """Return the examples of a language by page and line."""
    return {
        f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}": match[2]
        for page in documents()
        for text in [page.read_text(encoding="utf-8")]
        for match in _BLOCK.finditer(text)
        if match[1] == language
    }


TOML = {
    place: text for place, text in examples("toml").items() if Path(place).name.partition(":")[0] not in OTHER_TESTS
}


def files() -> dict[tuple[str, str], str]:
    """Return by page and file what a page shows; parts of a file that several examples name are one."""
    joined: dict[tuple[str, str], str] = {}
    for place, text in TOML.items():
        named = _NAMED.match(text)
        key = (place.partition(":")[0], named[1]) if named else (place, "outrider.toml")
        joined[key] = joined.get(key, "") + text
    return joined


FILES = files()


@pytest.mark.parametrize(("page", "file"), FILES)
def test_a_file_that_a_page_shows_is_valid(
    page: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A comment on its first line names the file; without one it is of outrider.toml."""
    monkeypatch.setenv("SHOP_PASSWORD", "correct horse")
    monkeypatch.setenv("DB_PASSWORD", "battery staple")
    for name, text in {**BESIDE, file: FILES[page, file]}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")

    try:
        problems = list(validate_workspace(tmp_path).problems)
    except ConfigErrors as errors:
        problems = list(errors.problems)

    assert [str(problem) for problem in problems if problem.slug not in REFERRED] == []


def test_the_search_for_invalid_files_finds_them() -> None:
    """A search that finds nothing must not be one that cannot find."""
    assert len(TOML) > 15
    assert _NAMED.match("# reports/weekly.toml\nmail = []")


def test_every_example_in_python_is_python() -> None:
    """Those of docs/api.md are run by tests/app/test_workspace_handle.py."""
    blocks = examples("python")

    for place, text in blocks.items():
        compile(text, place, "exec")
    assert len(blocks) > 20


def test_every_address_of_the_api_on_a_page_exists() -> None:
    """By the description that the server gives of itself."""
    known = [re.sub(r"\{\w+\}", ".+", path) for path in api_document()["paths"]]
    pattern = re.compile("|".join(f"(?:{path})" for path in [*known, "/api/v1/openapi.json"]))
    wrong = {
        f"{page.name}: {address[0]}"
        for page in documents()
        for address in _OPERATION.finditer(page.read_text(encoding="utf-8"))
        if address[0] not in FOREIGN and not pattern.fullmatch(address[0].rstrip("."))
    }

    assert wrong == set()
    assert not pattern.fullmatch("/api/v1/chcks")
