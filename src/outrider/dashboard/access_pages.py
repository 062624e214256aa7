"""What is shown to those who are not let in, and who is signed in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from outrider.dashboard.page_templates import PageContext, render, short
from outrider.dashboard.reader_clock import ReaderClock
from outrider.model import Role, TokenKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import AccessToken, SignInSession

_TEXT_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class SignInForm:
    """What somebody has filled in.

    Attributes:
        wanted: Path of the page that they are sent on to.
        name: As typed.
    """

    wanted: str = "/"
    name: str = ""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that is created, or was just now.

    Attributes:
        name: As typed.
        secret: What was created; empty if nothing was.
        problem: Why nothing was.
    """

    name: str = ""
    secret: str = field(default="", repr=False)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SignInWays:
    """How somebody can sign in.

    Attributes:
        has_passwords: Whether anybody has a password.
        provider: What the provider of OpenID Connect is called; empty if there is none.
    """

    has_passwords: bool = True
    provider: str = ""


def sign_in_page(base: str, form: SignInForm, ways: SignInWays, problem: str = "") -> str:
    """Return the page to sign in; `problem` says why a try was refused."""
    return render("sign_in.html", _outside(base), {"form": form, "ways": ways, "problem": short(problem)})


def notice_page(base: str, headline: str, text: str) -> str:
    """Return a page without anything of the workspace, for somebody who may not see it."""
    return render("notice.html", _outside(base), {"headline": headline, "text": short(text, _TEXT_CHARACTERS)})


@dataclass(frozen=True, slots=True)
class AccountView:
    """What somebody sees of their account.

    Attributes:
        sessions: Theirs, or all of them where an administrator looks.
        current: Digest of the session that asks.
        has_password: Whether they sign in with one, and may change it.
        problem: Why a change of it was refused.
    """

    sessions: Sequence[SignInSession]
    current: str
    has_password: bool = False
    problem: str = ""


def account_page(context: PageContext, view: AccountView) -> str:
    """Return the page of who is signed in."""
    return render("account.html", replace(context, refresh_s=0), {"view": view})


def tokens_page(context: PageContext, tokens: Sequence[AccessToken], new: NewToken) -> str:
    """Return the page of tokens; a new one is shown on it once."""
    values = {
        "tokens": tokens,
        "new": new,
        "kinds": [kind.value for kind in TokenKind],
        "roles": [role.value for role in Role],
    }
    return render("tokens.html", replace(context, refresh_s=0), values)


def _outside(base: str) -> PageContext:
    return PageContext(ReaderClock("UTC", 0), base=base, refresh_s=0)
