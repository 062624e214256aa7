"""Fixtures of a worker that stand in for pytest-playwright's, registered after it: journeys share one browser."""

from __future__ import annotations

from typing import Any

import pytest

endpoint = ""

# Launch options under which the shared browser is what the suite asked for. A channel names a brand of the same
# engine: the browser at hand stands in for it.
_COMPATIBLE: dict[str, set[object]] = {"headless": {True, None}, "slow_mo": {0, None}, "devtools": {False, None}}


@pytest.fixture(scope="session")
def connect_options(browser_type_launch_args: dict[str, Any], browser_name: str) -> dict[str, Any] | None:
    """Connect to the shared browser unless the suite launches one in a way of its own."""
    if not endpoint or browser_name != "chromium":
        return None
    asked = {name: value for name, value in browser_type_launch_args.items() if name != "channel"}
    compatible = all(name in _COMPATIBLE and value in _COMPATIBLE[name] for name, value in asked.items())
    return {"endpoint": endpoint} if compatible else None
