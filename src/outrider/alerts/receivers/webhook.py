"""A webhook: JSON, signed so that its receiver can verify sender and time."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from outrider.alerts.http_post import Post, post
from outrider.alerts.notification_kind import NotificationKind
from outrider.workspace import check_url

if TYPE_CHECKING:
    from outrider.alerts.network_guard import Guard
    from outrider.alerts.receivers.options import Options
    from outrider.alerts.rendered_message import RenderedMessage

_EVERYTHING = frozenset(NotificationKind)


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that takes JSON; see docs/alerts.md for its fields."""

    url: str = field(repr=False)
    secret: str = field(repr=False)
    guard: Guard
    kinds: frozenset[NotificationKind] = _EVERYTHING

    def deliver(self, rendered: RenderedMessage) -> None:
        """Send it."""
        fields = asdict(rendered.message)
        body = json.dumps(
            {"version": 1, "id": rendered.id, "text": rendered.body, **fields, "subject": rendered.subject}
        )
        headers = {"Content-Type": "application/json", "Idempotency-Key": rendered.id}
        if self.secret:
            headers["X-Outrider-Signature"] = signature(self.secret, body.encode(), int(time.time()))
        post(Post(self.url, body.encode(), headers), self.guard)


def signature(secret: str, body: bytes, at_s: int) -> str:
    """Return `t=SECONDS,v1=HEX`: the HMAC-SHA256 (RFC 2104) of the seconds, a full stop and the body."""
    digest = hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at_s},v1={digest}"


def read(options: Options) -> Webhook:
    """Read `url` and `secret`."""
    url = options.needed("url", '"https://hooks.example/outrider"', check_url)
    return Webhook(url, options.text("secret"), options.guard)
