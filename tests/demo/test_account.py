"""Sign-in, one-time codes, account and sign-out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyotp
import pytest
from demo.accounts import DEFAULT_PASSWORD, Accounts, BadTotpSecret
from demo.pages.account_pages import local_path

if TYPE_CHECKING:
    import httpx
    from tests.demo.conftest import Outside

GRACE = {"email": "grace@example.com", "password": "right"}


def test_a_customer_sees_their_orders(shop: httpx.Client) -> None:
    """Signing in leads to the account with its orders."""
    page = shop.post("/sign-in", data={"email": " Ada@Example.com ", "password": "right"})

    assert "Hello, Ada" in page.text
    assert "Order 1001" in page.text
    assert "Order 1002" not in page.text


@pytest.mark.parametrize(("email", "password"), [("ada@example.com", "wrong"), ("eve@example.com", "right"), ("", "")])
def test_a_wrong_password_and_an_unknown_address_look_the_same(shop: httpx.Client, email: str, password: str) -> None:
    """A refusal does not tell which addresses have an account."""
    page = shop.post("/sign-in", data={"email": email, "password": password})

    assert page.status_code == 401
    assert "That email and password do not match." in page.text
    assert shop.get("/account").url.path == "/sign-in"


def test_a_code_is_asked_after_the_password(shop: httpx.Client) -> None:
    """A password alone does not open an account that uses codes."""
    page = shop.post("/sign-in", data=GRACE)

    assert "One more step" in page.text
    assert shop.get("/account").url.path == "/sign-in"


@pytest.mark.parametrize("late_s", [-30, 0, 30])
def test_a_code_of_this_or_a_neighbouring_half_minute_is_right(
    shop: httpx.Client, outside: Outside, late_s: int
) -> None:
    """Clocks may differ by one period (RFC 6238, 5.2)."""
    code = pyotp.TOTP("A" * 32).at(outside.now(), counter_offset=late_s // 30)
    shop.post("/sign-in", data=GRACE)

    page = shop.post("/sign-in/code", data={"code": code})

    assert "Hello, Grace" in page.text


def test_an_old_code_is_wrong(shop: httpx.Client, outside: Outside) -> None:
    """A code of two minutes ago opens nothing."""
    code = pyotp.TOTP("A" * 32).at(outside.now())
    shop.post("/sign-in", data=GRACE)
    outside.passed_s = 120

    page = shop.post("/sign-in/code", data={"code": code})

    assert page.status_code == 401
    assert "wrong or too old" in page.text


def test_nobody_reaches_the_code_without_the_password(shop: httpx.Client) -> None:
    """The code's page sends strangers back to the password."""
    assert shop.get("/sign-in/code").url.path == "/sign-in"
    assert shop.post("/sign-in/code", data={"code": "123456"}).url.path == "/sign-in"


def test_a_session_that_leaked_before_sign_in_is_worthless_after(shop: httpx.Client) -> None:
    """Signing in changes the session's token."""
    shop.post("/cart", data={"product": "enamel-mug", "quantity": "1"})
    before = shop.cookies["session"]

    shop.post("/sign-in", data={"email": "ada@example.com", "password": "right"})

    assert shop.cookies["session"] != before
    assert "Enamel Mug" in shop.get("/cart").text
    shop.cookies.set("session", before, domain="shop.test")
    assert shop.get("/account").url.path == "/sign-in"


def test_a_session_ends_after_a_day(ada: httpx.Client, outside: Outside) -> None:
    """Sessions do not last for ever."""
    outside.passed_s = 24 * 3600 + 1

    assert ada.get("/account").url.path == "/sign-in"


def test_signing_out_forgets_the_visitor(ada: httpx.Client) -> None:
    """After signing out the account is closed."""
    ada.post("/sign-out")

    assert ada.get("/account").url.path == "/sign-in"


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("/checkout", "/checkout"),
        ("/orders/1001", "/orders/1001"),
        ("", "/account"),
        ("//evil.example", "/account"),
        ("https://evil.example", "/account"),
        ("/\\evil.example", "/account"),
        ("/a\r\nSet-Cookie: b", "/account"),
    ],
)
def test_sign_in_leads_to_the_shops_own_pages_only(asked: str, given: str) -> None:
    """Where to go next is taken from the visitor only if it stays here."""
    assert local_path(asked) == given


def test_secrets_come_from_the_environment_and_are_never_shown() -> None:
    """Both secrets have a default, may be set, and stay out of the repr."""
    chosen = Accounts.from_environment({"SHOP_PASSWORD": "hush", "SHOP_TOTP_SECRET": "B" * 32})

    assert Accounts.from_environment({}).password == DEFAULT_PASSWORD
    assert (chosen.password, chosen.totp_secret) == ("hush", "B" * 32)
    assert "hush" not in repr(chosen)
    assert "BBBB" not in repr(chosen)


def test_without_a_secret_there_is_nobody_with_codes() -> None:
    """An empty SHOP_TOTP_SECRET takes the second customer away."""
    accounts = Accounts.from_environment({"SHOP_TOTP_SECRET": ""})

    assert accounts.customer("ada@example.com") is not None
    assert accounts.customer("grace@example.com") is None


@pytest.mark.parametrize("secret", ["short", "11111111111111111111111111111111"])
def test_a_secret_that_makes_no_codes_is_refused_at_once(secret: str) -> None:
    """The message says which variable is wrong and what to give."""
    with pytest.raises(BadTotpSecret, match=r"SHOP_TOTP_SECRET cannot be used(.|\n)*give 32 base32 characters"):
        Accounts.from_environment({"SHOP_TOTP_SECRET": secret})
