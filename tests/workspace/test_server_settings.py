"""`[server]` of `outrider.toml`: who may see pages, and what stands in front of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrider.model import ConfigErrors, Role
from outrider.workspace import IdentitySettings, OidcSettings, RoleSettings, ServerSettings, load

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = """
[secrets]
OIDC = {env = "OIDC"}
[server]
open_on_loopback = false
trusted_proxies = ["10.0.0.7", "fd00::/8"]
base_path = "/ops/outrider/"
session_idle = "1h"
session_lifetime = "1d"
open_metrics = false
[server.identity]
header = "X-User"
groups_header = "X-Groups"
role = "none"
roles = {sre = "admin"}
[server.oidc]
issuer = "https://id.example"
client_id = "outrider"
client_secret = "OIDC"
label = "Example ID"
roles = {dev = "viewer", sre = "operator"}
"""


def settings_of(root: Path, text: str) -> ServerSettings:
    (root / "outrider.toml").write_text(text, encoding="utf-8")
    return load(root).server


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Names of headers count without their case, a base path without the slash at its end."""
    assert settings_of(tmp_path, WHOLE) == ServerSettings(
        open_on_loopback=False,
        trusted_proxies=("10.0.0.7", "fd00::/8"),
        base_path="/ops/outrider",
        session_idle_s=3_600.0,
        session_s=86_400.0,
        open_metrics=False,
        identity=IdentitySettings("x-user", "x-groups", RoleSettings(None, {"sre": Role.ADMIN})),
        oidc=OidcSettings(
            "https://id.example", "outrider", "OIDC", "Example ID",
            access=RoleSettings(None, {"dev": Role.VIEWER, "sre": Role.OPERATOR}),
        ),
    )  # fmt: skip


def test_nothing_written_is_the_default(tmp_path: Path) -> None:
    """So is each default that is written out."""
    assert settings_of(tmp_path, "") == ServerSettings()
    text = '[server]\nopen_on_loopback = true\ntrusted_proxies = []\nbase_path = ""\nsession_idle = "12h"\n'
    assert settings_of(tmp_path, text) == ServerSettings()


def test_the_highest_role_of_the_groups_holds() -> None:
    """Groups that are not listed count for nothing."""
    settings = RoleSettings(Role.VIEWER, {"dev": Role.OPERATOR, "sre": Role.ADMIN, "low": Role.VIEWER})

    assert settings.role_of(("dev", "sre", "low")) is Role.ADMIN
    assert settings.role_of(("low",)) is Role.VIEWER
    assert settings.role_of(("x", "")) is Role.VIEWER
    assert RoleSettings(None, {"sre": Role.ADMIN}).role_of(("dev",)) is None


@pytest.mark.parametrize(
    ("text", "slug", "line"),
    [
        ('trusted_proxies = ["proxy.example"]', "bad-address", 2),
        ('trusted_proxies = ["10.0.0.1/8"]', "bad-address", 2),
        ('base_path = "outrider"', "bad-base-path", 2),
        ('base_path = "/a/../b"', "bad-base-path", 2),
        ('base_path = "//evil.example"', "bad-base-path", 2),
        ('base_path = "/a b"', "bad-base-path", 2),
        ('session_idle = "0s"', "out-of-range", 2),
        ('trusted_proxy = ["10.0.0.7"]', "unknown-key", 2),
        ('[server.identity]\nheader = "X-User"', "untrusted-identity", 2),
        ('trusted_proxies = ["10.0.0.7"]\n[server.identity]\nrole = "viewer"', "missing-key", 3),
        ('trusted_proxies = ["10.0.0.7"]\n[server.identity]\nheader = "X User"', "bad-name", 4),
        ('trusted_proxies = ["10.0.0.7"]\n[server.identity]\nheader = "x"\nrole = "root"', "out-of-range", 5),
        ('[server.oidc]\nissuer = "http://id.example"\nclient_id = "x"\nrole = "viewer"', "bad-url", 3),
        ('[server.oidc]\nissuer = "https://id.example/?x"\nclient_id = "x"\nrole = "viewer"', "bad-url", 3),
        ('[server.oidc]\nissuer = "https://id.example"\nclient_id = "x"', "missing-key", 2),
        (
            '[server.oidc]\nissuer = "https://id.example"\nclient_id = "x"\nrole = "viewer"\nclient_secret = "s3cret"',
            "unknown-secret",
            6,
        ),
    ],
)
def test_what_cannot_hold_is_reported_with_its_line(tmp_path: Path, text: str, slug: str, line: int) -> None:
    """Before anybody relies on it."""
    with pytest.raises(ConfigErrors) as errors:
        settings_of(tmp_path, f"[server]\n{text}\n")

    (problem,) = errors.value.problems
    assert (problem.slug, problem.where.line if problem.where else 0) == (slug, line)
