"""`outrider tokens`: what programs sign in with."""

from __future__ import annotations

import json

import click

from outrider.app import create_token, duration_s, find_workspace, list_tokens, now_us, open_store, revoke_token
from outrider.cli.echo import echo
from outrider.cli.option_types import TypedValue
from outrider.cli.run_tables import at_with_zone
from outrider.model import AccessToken, Role, TokenKind

_FIELDS = (
    "id", "name", "kind", "role", "scope", "author", "created_us", "expires_us", "revoked_us", "used_us",
)  # fmt: skip


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: outrider tokens create ci --role operator",
)
def tokens() -> None:
    """Create, list and revoke tokens of programs."""


@tokens.command(epilog="Example: outrider tokens create ci --role operator --expires 90d")
@click.argument("name")
@click.option(
    "--kind", type=click.Choice([kind.value for kind in TokenKind]), default="api", show_default=True,
    help="What it is for.",
)  # fmt: skip
@click.option(
    "--role", type=click.Choice([role.value for role in Role]), default="viewer", show_default=True,
    help="What one of the API may do.",
)  # fmt: skip
@click.option(
    "--expires", "lifetime_s", type=TypedValue("duration", duration_s), help="After how long; never if absent."
)
@click.option("--check", default="", help="The check that a token of a heartbeat is for.")
def create(name: str, *, kind: str, role: str, lifetime_s: float | None, check: str) -> None:
    """Create a token called NAME, and print it: it is shown this once."""
    with open_store(find_workspace()) as store:
        issued = create_token(store, name, TokenKind(kind), role=Role(role), lifetime_s=lifetime_s, check=check)
    click.echo(issued.secret)
    echo(f"created {issued.token.id}, kept as a digest: outrider tokens revoke {issued.token.id} ends it", err=True)


@tokens.command("list", epilog="Example: outrider tokens list --json")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_(*, as_json: bool) -> None:
    """List all tokens, the latest first."""
    workspace = find_workspace()
    with open_store(workspace) as store:
        known = list_tokens(store)
    if as_json:
        click.echo(json.dumps([{name: getattr(token, name) for name in _FIELDS} for token in known]))
        return
    for token in known:
        created = at_with_zone(token.created_us, workspace.timezone)
        echo(f"{token.id}  {_state(token):8} {token.kind:11} {token.role:8}  {created}  {token.name}  {token.scope}")
    if not known:
        echo("no tokens: outrider tokens create NAME", err=True)


@tokens.command(epilog="Example: outrider tokens revoke 5d3f0a1b")
@click.argument("token")
def revoke(token: str) -> None:
    """Revoke the token whose id is TOKEN."""
    with open_store(find_workspace()) as store:
        revoke_token(store, token)
    echo(f"revoked {token}")


def _state(token: AccessToken) -> str:
    if token.revoked_us is not None:
        return "revoked"
    return "valid" if token.is_valid(now_us()) else "expired"
