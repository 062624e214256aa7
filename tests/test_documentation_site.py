"""The documentation's site: what builds it notices what is wrong, and the program finds its topics."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from docs.generator.built_pages import faults
from docs.generator.command_pages import commands_page
from docs.generator.http_pages import http_page, metrics_page
from docs.generator.python_pages import python_page
from docs.generator.query_pages import queries_page
from docs.generator.setting_pages import described_keys, read_keys, settings_page, undocumented, wrong_defaults
from tests.cli.documented_commands import all_commands

import outrider
from outrider.app import find_topic
from outrider.model import OutriderError, UsageError
from outrider.server.api_routes import api_document
from outrider.telemetry_store.query_fields import LOGS, SPANS

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    "index.html": '<a href="alerts.html#muting">a</a><a href="#top" id="top">b</a><a href="https://shop.example">c</a>',
    "alerts.html": '<section id="muting"></section><link href="site.css"><script src="./site.js"></script>',
    "errors.html": '<section id="bad-duration"></section><section id="silence"></section>',
    "reference/commands.html": '<section id="outrider-report-weekly"></section><p id="outrider-alerts">',
    "site.css": "body { background: url(data:image/png;base64,00) }",
    "site.js": "f()",
}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    for name, text in PAGES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        ("index.html", "", ""),
        ("index.html", '<a href="alert.html">', "index.html: leads to alert.html, which is not there"),
        ("index.html", '<a href="alerts.html#mute">', "index.html: leads to alerts.html#mute, which is not there"),
        ("index.html", '<a href="#bottom">', "index.html: leads to #bottom, which is not there"),
        ("errors.html", '<img src="one.png">', "errors.html: leads to one.png, which is not there"),
        ("errors.html", '<img src="//cdn.example/a.png">', "errors.html: fetches //cdn.example/a.png"),
        ("errors.html", '<script src="https://cdn.example/a.js">', "errors.html: fetches https://cdn.example/a.js"),
        ("site.css", "@import 'https://cdn.example/font.css'", "site.css: fetches from another host"),
        ("site.css", "a { background: url(//cdn.example/a) }", "site.css: fetches from another host"),
    ],
)
def test_a_broken_link_and_a_request_to_another_host_are_faults(site: Path, file: str, text: str, fault: str) -> None:
    """Either stops the build."""
    (site / file).write_text(PAGES[file] + text, encoding="utf-8")

    assert faults(site) == ([fault] if fault else [])


@pytest.mark.parametrize(
    ("words", "address"),
    [
        ("", "index.html"),
        ("alerts", "alerts.html"),
        ("report weekly", "reference/commands.html#outrider-report-weekly"),
        ("bad-duration", "errors.html#bad-duration"),
    ],
)
def test_a_topic_is_a_page_a_command_or_an_error(site: Path, words: str, address: str) -> None:
    """A page wins over a command of its name."""
    assert find_topic(words, site).address == (site.as_uri() + "/" + address)


def test_an_unknown_topic_and_a_package_without_documentation_say_what_to_do(site: Path, tmp_path: Path) -> None:
    """The nearest topic; the command that builds it."""
    with pytest.raises(UsageError) as unknown:
        find_topic("bad-durtion", site)
    with pytest.raises(OutriderError) as missing:
        find_topic("alerts", tmp_path)

    assert (unknown.value.slug, unknown.value.fix) == ("unknown-topic", 'did you mean "bad-duration"?')
    assert (missing.value.slug, missing.value.exit_code) == ("no-documentation", 4)
    assert "make docs" in missing.value.fix


def test_every_command_and_option_is_in_the_reference() -> None:
    """Made from the code at each build."""
    page = commands_page()

    assert [name for name, _ in all_commands() if f"# outrider {name}\n" not in page] == []
    options = {option for _, command in all_commands() for part in command.params for option in part.opts
               if part.param_type_name == "option" and not getattr(part, "hidden", False)}  # fmt: skip
    assert [option for option in sorted(options) if option not in page] == []


DEPENDENT_DEFAULTS = {
    "[telemetry] grpc": "nowhere, where `listen` of the examples has another port",
    "[telemetry] logs": "a table in the examples",
}


def test_every_key_of_a_workspace_is_documented_with_its_default() -> None:
    """What the program reads, what pages say, and what is meant by leaving a key out."""
    readings, rows = read_keys(), described_keys()

    assert len(readings) > 200
    assert undocumented(readings, rows) == []
    assert [key for key in rows if key not in readings] == []
    assert {line.partition(":")[0] for line in wrong_defaults(readings, rows)} <= DEPENDENT_DEFAULTS.keys()


def test_the_search_for_undocumented_keys_and_wrong_defaults_finds_them() -> None:
    """A search that finds nothing must not be one that cannot find."""
    readings, rows = read_keys(), described_keys()
    key = ("store", "url")
    misled = {**rows, key: replace(rows[key], default='`"other.db"`')}

    assert undocumented(readings, {other: row for other, row in rows.items() if other != key}) == ["[store] url"]
    assert "[store] url: " in "".join(wrong_defaults(readings, misled))


def test_the_reference_has_all_that_the_code_has() -> None:
    """Operations and answers of the API, names of the package, keys of queries, metrics, settings."""
    api, settings = api_document(), settings_page()
    wanted = {
        http_page(): [*api["paths"], *(f"### {name}\n" for name in api["components"]["schemas"])],
        python_page(): [f":: outrider.{name}\n" for name in outrider.__all__],
        queries_page(): [f"| `{key}` |" for key in (*LOGS.fields, *SPANS.fields)],
        metrics_page(): ["| `outrider_up` | gauge |", "| `outrider_start_lag_seconds` | histogram |"],
        settings: [f"| `{key}` |" for _, key in described_keys()],
    }

    assert [(page[:20], words) for page, all_words in wanted.items() for words in all_words if words not in page] == []
    assert "| `retries` | `1` | a number from 0 to 10 |" in settings


@pytest.mark.skipif(not (ROOT / ".venv/bin/python").exists(), reason="not set up by make")
@pytest.mark.parametrize(
    ("target", "changed", "advice"),
    [
        (".venv/.docs", "requirements/docs.txt", "PIP_NO_INDEX=1 PIP_FIND_LINKS=wheels make docs"),
        (".venv/.installed", "hatch_build.py", "OUTRIDER_FRONTEND=off make .venv/.installed"),
    ],
)
def test_make_without_a_network_and_without_node_says_what_to_do(
    tmp_path: Path, target: str, changed: str, advice: str
) -> None:
    """pip is refused every index, and must install into an empty folder; no program is found, so no Node."""
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull, "PIP_TARGET": str(tmp_path)}
    make = shutil.which("make")
    assert make is not None
    before = ".venv/.installed" if target == ".venv/.docs" else ".venv/.locked"
    marker = ROOT / target
    was_of = marker.stat().st_mtime_ns if marker.exists() else None

    done = subprocess.run(
        [make, "-o", before, "-W", changed, target],
        cwd=ROOT, env={**os.environ, **offline, "PATH": str(tmp_path)},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert done.returncode == 2
    assert advice in done.stderr
    assert (marker.stat().st_mtime_ns if marker.exists() else None) == was_of
