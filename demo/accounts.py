"""Accounts of customers: who may sign in, and with which credentials."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self

import pyotp

# Documented defaults of a demo, so that it starts with one command; set the environment to change them.
DEFAULT_PASSWORD: Final = "outrider-demo"
DEFAULT_TOTP_SECRET: Final = "OUTRIDERDEMOSHOPOUTRIDERDEMOSHOP"


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody with an account."""

    email: str
    name: str
    needs_code: bool = False

    @property
    def first_name(self) -> str:
        """How the shop greets them."""
        return self.name.split()[0]


ADA: Final = Customer("ada@example.com", "Ada Rider")
GRACE: Final = Customer("grace@example.com", "Grace Scout", needs_code=True)


class BadTotpSecret(ValueError):
    """SHOP_TOTP_SECRET is no secret that one-time codes can be made from."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """The demo's customers; without a TOTP secret, Grace has no account."""

    password: str = field(default=DEFAULT_PASSWORD, repr=False)
    totp_secret: str = field(default=DEFAULT_TOTP_SECRET, repr=False)

    def __post_init__(self) -> None:
        try:
            self._codes()
        except ValueError as error:
            raise BadTotpSecret(
                f"SHOP_TOTP_SECRET cannot be used: {error}\n  give 32 base32 characters (A-Z, 2-7), or nothing at all"
            ) from error

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read SHOP_PASSWORD and SHOP_TOTP_SECRET, each with its default.

        Raises:
            BadTotpSecret: If no one-time codes can be made from the secret.
        """
        return cls(
            environment.get("SHOP_PASSWORD", DEFAULT_PASSWORD),
            environment.get("SHOP_TOTP_SECRET", DEFAULT_TOTP_SECRET),
        )

    def customer(self, email: str) -> Customer | None:
        """Return the customer with this address, or None."""
        known = (ADA, GRACE) if self.totp_secret else (ADA,)
        return next((customer for customer in known if customer.email == email.strip().lower()), None)

    def signed_in(self, email: str, password: str) -> Customer | None:
        """Return the customer if the password is theirs, or None."""
        right = hmac.compare_digest(password.encode(), self.password.encode())
        return self.customer(email) if right else None

    def code_is_right(self, code: str, at: datetime) -> bool:
        """Tell whether `code` is the one-time code of this half minute or a neighbouring one (RFC 6238, 5.2)."""
        codes = self._codes()
        return codes is not None and codes.verify(code.replace(" ", ""), for_time=at, valid_window=1)

    def _codes(self) -> pyotp.TOTP | None:
        if not self.totp_secret:
            return None
        codes = pyotp.TOTP(self.totp_secret)
        codes.byte_secret()
        return codes
