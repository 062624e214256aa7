"""An exchange with the access token that its request needs."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from outrider.model import Sample
from outrider.probes.answers import Answer
from outrider.probes.exchange import Exchanged, exchange
from outrider.probes.probe_result import Failure

if TYPE_CHECKING:
    import pycurl

    from outrider.probes.exchange import ExchangeLog
    from outrider.probes.http_request import Request
    from outrider.probes.probe_context import ProbeContext
    from outrider.probes.redirects import Hop

_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class AuthorizedExchange:
    """An exchange, the time that getting its tokens took, and what must not be shown of them."""

    exchanged: Exchanged
    token_ms: float | None = None
    secrets: tuple[str, ...] = ()

    def samples(self, step: str) -> tuple[Sample, ...]:
        """Return how long getting tokens took, where one was needed."""
        return () if self.token_ms is None else (Sample(step, "token_ms", self.token_ms),)


async def authorized_exchange(
    context: ProbeContext, curl: pycurl.Curl, request: Request, hop: Hop, *, limit_s: float,
    log: ExchangeLog | None = None,
) -> AuthorizedExchange:  # fmt: skip
    """Make a request as `exchange` does, with a token if it needs one; once more with a new one if that is refused."""
    transfers, grant, hop = context.transfers, request.grant, context.traced(hop)
    if grant is None:
        return AuthorizedExchange(await exchange(transfers, curl, request, hop, limit_s=limit_s, log=log))
    ends_s, token_ms, secrets, refused = time.monotonic() + limit_s, 0.0, [grant.secret], ""
    while True:
        began_s = time.monotonic()
        token = await context.tokens.token(grant, transfers, ends_s - began_s, refused=refused)
        token_ms += (time.monotonic() - began_s) * 1000
        if isinstance(token, Failure):
            unasked = Exchanged(hop.url, Answer(0, token_ms, {}), token)
            return AuthorizedExchange(unasked, token_ms, tuple(secrets))
        secrets.append(token)
        authorized = replace(hop, headers=(*hop.headers, ("Authorization", f"Bearer {token}")))
        left_s = ends_s - time.monotonic()
        exchanged = await exchange(transfers, curl, request, authorized, limit_s=left_s, log=log)
        if exchanged.answer.status != _UNAUTHORIZED or refused or exchanged.failure:
            return AuthorizedExchange(exchanged, token_ms, tuple(secrets))
        refused = token
        curl.reset()
