"""`[server]` of `outrider.toml`: who may see pages, and what stands in front of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from outrider.model import Role
from outrider.workspace.tables import (
    Refused,
    Table,
    as_choice,
    as_count,
    as_duration,
    as_flag,
    as_text,
    as_texts,
    check_url,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_HEADER = re.compile(r"[A-Za-z0-9-]{1,60}")
_BASE = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_HOUR_S, _DAY_S = 3_600.0, 86_400.0
_NO_ROLE = "none"


@dataclass(frozen=True, slots=True)
class RoleSettings:
    """Which role somebody has who is known by groups.

    Attributes:
        role: Of who is in no group that is listed; None if such a person may see nothing.
        roles: By group; of several the highest holds.
    """

    role: Role | None = Role.VIEWER
    roles: Mapping[str, Role] = field(default_factory=dict)

    def role_of(self, groups: tuple[str, ...]) -> Role | None:
        """Return the role of a member of these groups."""
        listed = [self.roles[group] for group in groups if group in self.roles]
        return max(listed, key=list(Role).index, default=self.role)


@dataclass(frozen=True, slots=True)
class IdentitySettings:
    """A proxy that signs people in and names them in a header.

    Attributes:
        header: Holds the name.
        groups_header: Holds groups, separated by commas; empty for none.
    """

    header: str
    groups_header: str = ""
    access: RoleSettings = field(default_factory=RoleSettings)


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """A provider of OpenID Connect.

    Attributes:
        issuer: Its address, as it stands in its tokens.
        client_secret: Name of a secret of the workspace; empty for a public client.
        label: What the page to sign in calls it.
        name_claim: Holds the name of who signs in.
        groups_claim: Holds their groups.
    """

    issuer: str
    client_id: str
    client_secret: str = ""
    label: str = "single sign-on"
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    name_claim: str = "email"
    groups_claim: str = "groups"
    access: RoleSettings = field(default_factory=RoleSettings)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Who may see pages, and what stands in front of them.

    Attributes:
        open_on_loopback: Whether a browser of this machine sees and changes all without a sign-in.
        trusted_proxies: Networks whose forwarding headers are believed.
        base_path: Below which the pages lie; empty at the root.
        session_idle_s: After which a session ends that asks for nothing.
        session_s: After which a session ends in any case.
        open_metrics: Whether `/metrics` is answered without a token.
        artifacts_url: Origin that artifacts are served from, such as "https://files.example.org"; empty for the usual.
        artifacts_port: Port of a listener for artifacts alone; 0 for the usual.
        replay_role: The role that sees replays of users' sessions, at least.
        personal_role: The role that sees users and requests of error events whole, at least.
    """

    open_on_loopback: bool = True
    trusted_proxies: tuple[str, ...] = ()
    base_path: str = ""
    session_idle_s: float = 12 * _HOUR_S
    session_s: float = 7 * _DAY_S
    open_metrics: bool = True
    identity: IdentitySettings | None = None
    oidc: OidcSettings | None = None
    artifacts_url: str = ""
    artifacts_port: int = 0
    replay_role: Role = Role.OPERATOR
    personal_role: Role = Role.OPERATOR


def read_server(table: Table, secrets: Collection[str]) -> ServerSettings:
    """Return what `[server]` says; problems are reported by the table.

    Args:
        table: The section.
        secrets: Names of the workspace's secrets.
    """
    usual = ServerSettings()
    settings = ServerSettings(
        open_on_loopback=table.read("open_on_loopback", as_flag, usual.open_on_loopback),
        trusted_proxies=table.read("trusted_proxies", as_networks, usual.trusted_proxies),
        base_path=table.read("base_path", _as_base, usual.base_path),
        session_idle_s=table.read("session_idle", as_duration, usual.session_idle_s),
        session_s=table.read("session_lifetime", as_duration, usual.session_s),
        open_metrics=table.read("open_metrics", as_flag, usual.open_metrics),
        artifacts_url=table.read("artifacts_url", _as_origin, usual.artifacts_url),
        artifacts_port=table.read("artifacts_port", as_count(0, 65_535), usual.artifacts_port),
        replay_role=table.read("replays", as_choice(Role), usual.replay_role),
        personal_role=table.read("personal", as_choice(Role), usual.personal_role),
        identity=_identity(table.section("identity")) if "identity" in table.data else None,
        oidc=_oidc(table.section("oidc"), secrets) if "oidc" in table.data else None,
    )
    if settings.identity is not None and not settings.trusted_proxies:
        fix = 'name the proxy, such as trusted_proxies = ["10.0.0.7"]: anybody else could send the header too'
        table.report("identity", "names a header, and no proxy is trusted", fix, "untrusted-identity")
    table.close()
    return settings


def read_roles(table: Table, usual: Role | None) -> RoleSettings:
    """Return which role members of groups have, by `role` and `[roles]` of a table; `usual` without `role`."""
    choices = as_choice(Role)
    fallback = table.read("role", lambda value: None if value == _NO_ROLE else choices(value), usual)
    groups = table.section("roles")
    roles = {name: groups.read(name, choices, Role.VIEWER) for name in groups.data}
    groups.close()
    return RoleSettings(fallback, roles)


def _identity(table: Table) -> IdentitySettings:
    identity = IdentitySettings(
        header=table.require("header", _as_header, "", '"X-Forwarded-User"'),
        groups_header=table.read("groups_header", _as_header, ""),
        access=read_roles(table, Role.VIEWER),
    )
    table.close()
    return identity


def _oidc(table: Table, secrets: Collection[str]) -> OidcSettings | None:
    usual = OidcSettings("", "")
    oidc = OidcSettings(
        issuer=table.require("issuer", _as_issuer, "", '"https://id.example"'),
        client_id=table.require("client_id", as_text, "", '"outrider"'),
        client_secret=table.read("client_secret", as_text, ""),
        label=table.read("label", as_text, usual.label),
        scopes=table.read("scopes", as_texts, usual.scopes),
        name_claim=table.read("name_claim", as_text, usual.name_claim),
        groups_claim=table.read("groups_claim", as_text, usual.groups_claim),
        access=read_roles(table, None),
    )
    if oidc.client_secret and oidc.client_secret not in secrets:
        fix = f'add {oidc.client_secret} = {{env = "{oidc.client_secret}"}} below [secrets]'
        table.report("client_secret", "is not the name of a secret of this workspace", fix, "unknown-secret")
    if not oidc.access.roles and oidc.access.role is None:
        fix = 'write roles = {sre = "admin"} by group, or role = "viewer" for whomever the provider knows'
        table.report("role", "and roles are missing: nobody could sign in", fix, "missing-key")
    table.close()
    return oidc if oidc.issuer and oidc.client_id else None


def _as_issuer(value: object) -> str:
    """Accept the address of a provider: by https, or on this machine."""
    url = as_text(value)
    check_url(url)
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise Refused("is not encrypted", 'write an address of https, such as "https://id.example"', "bad-url")
    if parts.query or parts.fragment:
        raise Refused("has more than a path", "write it as it stands in the provider's documentation", "bad-url")
    return url


def _as_header(value: object) -> str:
    text = as_text(value)
    if not _HEADER.fullmatch(text):
        raise Refused("is not the name of a header", 'write it as "X-Forwarded-User"', "bad-name")
    return text.lower()


def _as_origin(value: object) -> str:
    """Accept an address without a path, as browsers write an origin."""
    if value == "":
        return ""
    url = as_text(value)
    check_url(url)
    parts = urlsplit(url)
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None:
        raise Refused("has more than a scheme, a host and a port", 'write it as "https://files.example.org"', "bad-url")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def as_networks(value: object) -> tuple[str, ...]:
    """Accept addresses and networks."""
    from ipaddress import ip_network  # noqa: PLC0415 - few workspaces have any

    networks = as_texts(value)
    for network in networks:
        try:
            ip_network(network)
        except ValueError:
            fix = 'write an address or a network, such as "10.0.0.7" or "10.0.0.0/8"'
            raise Refused(f'holds "{network}", which is not a network', fix, "bad-address") from None
    return networks


def _as_base(value: object) -> str:
    text = as_text(value).rstrip("/")
    if not _BASE.fullmatch(text) or {".", ".."} & set(text.split("/")):
        raise Refused("is not a path below which pages can lie", 'write it as "/outrider"', "bad-base-path")
    return text
