"""The shop's journeys are plain pytest-playwright."""

import ast
from pathlib import Path

import pytest
from demo.accounts import DEFAULT_PASSWORD, DEFAULT_TOTP_SECRET

JOURNEYS = Path(__file__).parents[2] / "journeys"


@pytest.mark.parametrize("path", sorted(JOURNEYS.glob("*.py")), ids=lambda path: path.name)
def test_a_journey_imports_neither_outrider_nor_the_shop(path: Path) -> None:
    """Whoever writes a journey needs nothing of ours."""
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])

    assert imported <= {"collections", "contextlib", "os", "playwright", "pyotp", "pytest"}


def test_journeys_know_the_shops_documented_defaults() -> None:
    """Without any environment, shop and journeys agree on the secrets."""
    conftest = (JOURNEYS / "conftest.py").read_text()

    assert f'"{DEFAULT_PASSWORD}"' in conftest
    assert f'"{DEFAULT_TOTP_SECRET}"' in conftest
