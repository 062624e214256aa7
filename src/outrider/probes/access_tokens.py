"""Access tokens of OAuth 2.0 by client credentials (RFC 6749, section 4.4), kept until they expire."""

from __future__ import annotations

import asyncio
import json
import math
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from outrider.probes.exchange import exchange
from outrider.probes.host_addresses import address_of
from outrider.probes.probe_result import Blame, Failure
from outrider.probes.text_evaluation import shown

if TYPE_CHECKING:
    from outrider.probes.answers import Answer
    from outrider.probes.http_request import Grant
    from outrider.probes.transfers import Transfers

_USUAL_LIFE_S: Final = 60.0
"""How long a token is kept whose server does not say how long it is valid."""
_LONGEST_LIFE_S: Final = 86_400.0
_MARGIN: Final = 0.1
"""The share of a token's life that it is renewed before its end."""
_OK = 200


@dataclass(slots=True)
class _Held:
    """A grant's token, if there is one, for whoever holds the lock."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    token: str = ""
    until_s: float = 0.0


class TokenStore:
    """Tokens by their grant; several that need one at a time ask for it once."""

    def __init__(self) -> None:
        self._held: dict[Grant, _Held] = {}

    async def token(self, grant: Grant, transfers: Transfers, limit_s: float, *, refused: str = "") -> str | Failure:
        """Return a token, other than the one that was `refused`, or why there is none."""
        held = self._held.setdefault(grant, _Held())
        try:
            async with asyncio.timeout(limit_s), held.lock:
                if held.token and held.token != refused and time.monotonic() < held.until_s:
                    return held.token
                held.token = ""
                answer = await _ask(grant, transfers, limit_s)
        except TimeoutError:
            return Failure(Blame.SLOW, f"time-out after {limit_s:.1f} s, waiting for a token", is_time_out=True)
        if isinstance(answer, Failure):
            return replace(answer, reason=f"no token from {address_of(grant.hop.url)}: {answer.reason}")
        held.token, life_s = answer
        held.until_s = time.monotonic() + life_s * (1 - _MARGIN)
        return held.token


async def _ask(grant: Grant, transfers: Transfers, limit_s: float) -> tuple[str, float] | Failure:
    """Return a new token and its life in seconds, or why there is none."""
    curl = transfers.borrow()
    try:
        exchanged = await exchange(transfers, curl, grant.request, grant.hop, limit_s=limit_s)
    finally:
        transfers.give_back(curl)
    return exchanged.failure or _read(exchanged.answer)


def _read(answer: Answer) -> tuple[str, float] | Failure:
    """Return the token in an answer (section 5.1), or what it says instead (section 5.2)."""
    try:
        document = json.loads(answer.text)
    except (ValueError, RecursionError):
        document = None
    fields = document if isinstance(document, dict) else {}
    token = fields.get("access_token")
    if answer.status != _OK:
        words = " ".join(str(fields[key]) for key in ("error", "error_description") if key in fields)
        return Failure(Blame.TARGET, f"status {answer.status}{f' {shown(words)}' if words else ''}")
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        return Failure(Blame.TARGET, "its answer has no access_token")
    if str(fields.get("token_type", "bearer")).lower() != "bearer":
        return Failure(Blame.TARGET, f"its token is of type {shown(fields['token_type'])}, not bearer")
    return token, _life_s(fields.get("expires_in"))


def _life_s(value: object) -> float:
    try:
        life_s = float(value) if isinstance(value, int | float | str) else _USUAL_LIFE_S
    except (ValueError, OverflowError):
        life_s = _USUAL_LIFE_S
    return min(max(0.0, life_s), _LONGEST_LIFE_S) if math.isfinite(life_s) else _USUAL_LIFE_S
