"""Playwright's recorder: somebody clicks through a site, and a pytest test is written."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from outrider.journeys.driver import installed_driver

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_WRITTEN = re.compile(r"^(async )?def test_\w+\(", re.MULTILINE)
_TYPED = re.compile(r"\.(fill|type|press_sequentially)\(")
_CONFIDENTIAL = re.compile(r"passw|kennwort|passphrase|secret|token|\bpin\b|\botp\b|\bcvc\b|card number", re.IGNORECASE)


def codegen(url: str, output: Path, environment: Mapping[str, str]) -> None:
    """Run the recorder at an address until its window is closed; what it records goes to a file, which may be missing.

    Args:
        url: Where it begins.
        output: The file.
        environment: Complete environment, in which Playwright finds a browser with a window.
    """
    driver = installed_driver()
    command = [driver.node, driver.cli, "codegen", "--target=python-pytest", f"--output={output}", url]
    with subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL) as process:
        try:
            process.wait()
        except KeyboardInterrupt:  # the terminal sends it to the recorder, too: what it has written stays
            process.wait()


def named_test(recorded: str, name: str) -> str:
    """Return a recorded test under a name of its own."""
    return _WRITTEN.sub(lambda match: f"{match[1] or ''}def test_{name}(", recorded, count=1)


def confidential_lines(recorded: str) -> tuple[int, ...]:
    """Return the lines, from one, in which something was typed that looks confidential by its field's name."""
    lines = enumerate(recorded.splitlines(), start=1)
    return tuple(number for number, line in lines if _TYPED.search(line) and _CONFIDENTIAL.search(line))
