"""Which variables of a shell reach a measured run."""

from __future__ import annotations

import pytest

from outrider.workspace import measured_environment, surprising_names

DROPPED = [
    "PWDEBUG", "PWDEBUGIMPL", "DEBUG", "DEBUG_FILE", "PW_TEST_SCREENSHOT_NO_FONTS_READY", "PWTEST_UNDER_TEST",
    "PLAYWRIGHT_SKIP_NAVIGATION_CHECK", "PLAYWRIGHT_PROXY_BYPASS_FOR_TESTING", "SELENIUM_REMOTE_URL",
    "INTERNAL_PW_GREENLET_DEBUG", "PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD",
    "NODE_OPTIONS", "NODE_DEBUG", "NODE_TLS_REJECT_UNAUTHORIZED", "PYTHONOPTIMIZE", "PYTHONBREAKPOINT",
    "PYTHONWARNINGS", "PYTHONDEVMODE", "FORCE_COLOR", "CHROMIUM_FLAGS", "http_proxy", "HTTPS_PROXY", "all_proxy",
    "NO_PROXY", "ws_proxy",
]  # fmt: skip
KEPT = [
    "PATH", "HOME", "DISPLAY", "LANG", "TZ", "PYTHONPATH", "NODE_EXTRA_CA_CERTS", "NODE_ENV", "CI", "SHOP_URL",
    "PLAYWRIGHT_BROWSERS_PATH", "PLAYWRIGHT_NODEJS_PATH", "PYTEST_BASE_URL", "PWD", "DEBUG_SHOP",
]  # fmt: skip


@pytest.mark.parametrize("name", DROPPED)
def test_what_would_change_a_run_stays_in_the_shell(name: str) -> None:
    """Debugging, options of pytest and Node, and proxies, in whichever case they are written."""
    assert measured_environment({name: "1", "SHOP": "x"}) == {"SHOP": "x"}


@pytest.mark.parametrize("name", KEPT)
def test_what_a_suite_or_the_machine_needs_reaches_a_run(name: str) -> None:
    """Its own variables, those that say where programs lie, and the address that it is run against."""
    assert measured_environment({name: "1"}) == {name: "1"}


def test_only_what_somebody_expects_to_count_is_named() -> None:
    """An empty variable counts for nothing, and one that the workspace sets itself does count."""
    shell = {"PWDEBUG": "1", "https_proxy": "http://p", "FORCE_COLOR": "1", "DEBUG": "", "PYTEST_ADDOPTS": "-x"}

    assert surprising_names(shell, ["PYTEST_ADDOPTS"]) == ("PWDEBUG", "https_proxy")
