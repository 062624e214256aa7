"""`outrider users`: who signs in with a password."""

from __future__ import annotations

import json
import sys

import click

from outrider.app import (
    add_user,
    find_user,
    find_workspace,
    list_sessions,
    list_users,
    open_store,
    remove_user,
    set_password,
    set_role,
    sign_out_user,
)
from outrider.cli.echo import echo
from outrider.cli.run_tables import at_with_zone
from outrider.model import Role, counted

_ROLES = click.Choice([role.value for role in Role])


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]}, epilog="Example: outrider users add ada --role admin"
)
def users() -> None:
    """Add, list and remove users who sign in with a password.

    A viewer sees all pages, an operator acts on checks and incidents, an admin manages users and tokens as well. A
    password is asked for, or read from standard input; it is never an argument.
    """


@users.command(epilog="Example: outrider users add ada --role admin")
@click.argument("name")
@click.option("--role", type=_ROLES, default=Role.VIEWER.value, show_default=True, help="What the user may do.")
def add(name: str, *, role: str) -> None:
    """Add the user NAME."""
    with open_store(find_workspace()) as store:
        user = add_user(store, name, Role(role), _password())
    echo(f"added {user.name}, {user.role}")


@users.command("list", epilog="Example: outrider users list --json")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_(*, as_json: bool) -> None:
    """List all users."""
    workspace = find_workspace()
    with open_store(workspace) as store:
        known = list_users(store)
    if as_json:
        fields = ("name", "role", "created_us", "changed_us")
        click.echo(json.dumps([{field: getattr(user, field) for field in fields} for user in known]))
        return
    for user in known:
        echo(f"{user.role:9} {user.name}  since {at_with_zone(user.created_us, workspace.timezone)}")
    if not known:
        echo("no users: outrider users add NAME --role admin", err=True)


@users.command(epilog="Example: outrider users passwd ada < password.txt")
@click.argument("name")
def passwd(name: str) -> None:
    """Give the user NAME another password; all sessions of NAME end."""
    with open_store(find_workspace()) as store:
        find_user(store, name)
        set_password(store, name, _password())
    echo(f"changed the password of {name}")


@users.command(epilog="Example: outrider users role ada operator")
@click.argument("name")
@click.argument("role", type=_ROLES)
def role(name: str, role: str) -> None:
    """Give the user NAME another ROLE; all sessions of NAME end."""
    with open_store(find_workspace()) as store:
        user = set_role(store, name, Role(role))
    echo(f"{user.name} is {user.role} now")


@users.command(epilog="Example: outrider users remove ada")
@click.argument("name")
def remove(name: str) -> None:
    """Remove the user NAME; all sessions of NAME end."""
    with open_store(find_workspace()) as store:
        remove_user(store, name)
    echo(f"removed {name}")


@users.command(epilog="Example: outrider users sessions ada --json")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def sessions(name: str | None, *, as_json: bool) -> None:
    """List the browsers that are signed in as NAME, or as anybody."""
    workspace = find_workspace()
    with open_store(workspace) as store:
        known = list_sessions(store, name)
    if as_json:
        fields = ("id", "user", "role", "method", "created_us", "seen_us", "expires_us", "address", "agent")
        click.echo(json.dumps([{field: getattr(session, field) for field in fields} for session in known]))
        return
    for session in known:
        seen = at_with_zone(session.seen_us, workspace.timezone)
        echo(f"{session.user}  {session.role}  seen {seen} from {session.address}  {session.agent}")
    if not known:
        echo("nobody is signed in", err=True)


@users.command("sign-out", epilog="Example: outrider users sign-out ada")
@click.argument("name")
def sign_out(name: str) -> None:
    """End all sessions of the user NAME."""
    with open_store(find_workspace()) as store:
        count = sign_out_user(store, name)
    echo(f"ended {counted(count, 'session')} of {name}")


def _password() -> str:
    """Return a password that is typed twice, or the first line of standard input where nobody types."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return password
