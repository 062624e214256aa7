"""A plug-in of pytest: contexts start from the stored browser state that the environment names."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

import pytest

from outrider.journeys.inspector import STATE_VARIABLE


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the fixture after pytest-playwright's, which it wraps."""

    @pytest.fixture(scope="session")
    def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
        return {**browser_context_args, "storage_state": os.environ[STATE_VARIABLE]}

    holder = ModuleType("outrider_debug_state")
    vars(holder)["browser_context_args"] = browser_context_args
    config.pluginmanager.register(holder, holder.__name__)
