"""Every tutorial works as it stands: its commands are typed one after another, and print what it shows."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest
from demo.shop_process import ROOT, opened
from demo.tutorial import Reader, TutorialError
from tests.cli.conftest import invoke
from tests.cli.documented_commands import commands_in
from tests.listeners import free_port

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

PAGES = sorted(path for path in (ROOT / "docs/tutorials").glob("*.md") if path.name != "index.md")
SLOW = {"run", "prove", "up", "gate", "worker"}
"""What starts browsers and services has a process of its own."""
# A busy machine is no reason to fail; one attempt shows what three show.
CHEAPER = {"[journeys]\n": "[journeys]\nstarved_above = 1.0\n", "retries = 1": "retries = 0"}
FASTER = {
    'every = "10s"': 'every = "1s"',
    "outrider gate": "outrider gate --runs 1",
    'history "$OLDPWD"': 'history "$OLDPWD" 21600',
}


def called(folder: Path, line: str) -> subprocess.CompletedProcess[str] | None:
    """Call the program in this process where that does."""
    [words, *more] = commands_in(line)
    if more or words[0] != "outrider" or words[1] in SLOW or {"|", ">"} & set(words):
        return None
    done = invoke(folder, *words[1:])
    if words[1] == "init":
        workspace = folder / words[2]
        settings = workspace / "outrider.toml"
        text = settings.read_text(encoding="utf-8")
        for default, cheaper in CHEAPER.items():
            text = text.replace(default, cheaper)
        settings.write_text(text + '\n[probes]\nlate = "30s"\n', encoding="utf-8")
        (workspace / "journeys/test_example.py").unlink()
    return done


def shows(command: str, printed: str) -> str:
    """A page of one command and what it prints."""
    return f"```sh\n{command}\n```\n\n```text\n{printed}\n```\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with opened(tmp_path_factory.mktemp("shop")) as variables:
        yield variables["SHOP_URL"]


@pytest.mark.browser
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_tutorial_works_from_an_empty_folder(page: Path, shop: str, tmp_path: Path) -> None:
    """On a shop that is well at its beginning."""
    text = page.read_text(encoding="utf-8")
    (tmp_path / "outrider").symlink_to(ROOT)
    pages, mail, candidate, telemetry, errors, own_shop = (free_port() for _ in range(6))
    others = "--third-party-port 0 --tls-port 0 --dns-port 0"
    starts_its_own = "python -m demo)" in text
    replaced = {
        "http://127.0.0.1:8700": f"http://127.0.0.1:{own_shop}" if starts_its_own else shop,
        "python -m demo)": f"python -m demo --port {own_shop} {others})",
        "127.0.0.1:8800": f"127.0.0.1:{candidate}",
        "--port 8800": f"--port {candidate}",
        "127.0.0.1:2525": f"127.0.0.1:{mail}",
        "demo.postbox)": f"demo.postbox {mail})",
        "127.0.0.1:8710": f"127.0.0.1:{pages}",
        "outrider up": f"outrider up --port {pages}",
        "[telemetry]\n": f'[telemetry]\nlisten = "127.0.0.1:{telemetry}"\n',
        "127.0.0.1:4318": f"127.0.0.1:{telemetry}",
        "[errors]\n": f'[errors]\nlisten = "127.0.0.1:{errors}"\n',
        **FASTER,
    }

    with Reader(tmp_path, replaced, called) as reader:
        reader.follow(text)


@pytest.mark.parametrize(
    ("page", "wrong"),
    [
        (shows("echo 12 steps", "9 steps"), ""),
        (shows("echo id 0a1b2c3d", "id aaaaaaaa") + shows("echo aaaaaaaa", "0a1b2c3d"), ""),
        (shows("echo 12 steps", "9 runs"), "prints"),
        (shows("false", ""), "ends with 1, not 0"),
        ("<!-- exit code 1 -->\n" + shows("true", ""), "ends with 0, not 1"),
    ],
    ids=["number", "id", "word", "failure", "exit-code"],
)
def test_a_tutorial_that_tells_what_is_not_so_is_found(page: str, wrong: str, tmp_path: Path) -> None:
    """Numbers and ids may differ; a reader's own ids take the place of those shown."""
    with nullcontext() if not wrong else pytest.raises(TutorialError, match=wrong):
        Reader(tmp_path, {}).follow(page)
