"""Locustfiles that are there already become load profiles."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from outrider.workspace import init

if TYPE_CHECKING:
    from pathlib import Path

USER = "from locust import HttpUser\nclass Visitor(HttpUser):\n    pass\n"


def test_finds_them_wherever_they_stand(tmp_path: Path) -> None:
    """A name is as long as it has to be."""
    files = {
        "locustfile.py": USER,
        "perf/shop/locustfile.py": USER,
        "perf/browse.py": USER.replace("HttpUser", "FastHttpUser"),
        "probes/own_load.py": USER,
        "app.py": "class User(Model):\n    pass\n",
        ".venv/x.py": USER,
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    done = init(tmp_path)

    tables = tomllib.loads((tmp_path / "probes/loads.toml").read_text())
    assert done.loads == ("locustfile.py", "perf/browse.py", "perf/shop/locustfile.py")
    assert {name: table["file"] for name, table in tables.items()} == {
        "locustfile.py": "locustfile.py",
        "browse": "perf/browse.py",
        "perf/shop/locustfile.py": "perf/shop/locustfile.py",
    }
