"""The page of a link in a mail: it shows the incident, and acknowledges it once its button is pressed.

Opening it changes nothing, since programs that look for malware open every link of a mail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse
from starlette.routing import Route

from outrider.alerts import Phase, headline, read_incidents
from outrider.dashboard import AcknowledgeView, ReaderClock, acknowledge_page
from outrider.model import Acknowledgement, AuditEntry, StoreError
from outrider.server.acknowledge_link import AcknowledgeGrant, ExpiredLink, ForgedLink, used_token
from outrider.server.base_path import base_of
from outrider.server.cross_site_check import is_from_own_site
from outrider.server.refusal import refusal
from outrider.server.session_cookie import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from outrider.alerts import Incident
    from outrider.dashboard import Sources
    from outrider.server.acknowledge_link import AcknowledgeSigner

log = structlog.get_logger("outrider.actions")

_RETRY_S = 10


def acknowledge_routes(
    sources: Sources, signer: AcknowledgeSigner, address_of: Callable[[Request], str]
) -> list[Route]:
    """Return the routes; whoever holds a link needs no sign-in.

    Args:
        sources: Where incidents are kept.
        signer: Reads links.
        address_of: Returns where a request comes from, for the audit log.
    """
    links = _Links(sources, signer, address_of)
    return [
        Route("/acknowledge/{token}", links.show, methods=["GET"]),
        Route("/acknowledge/{token}", links.confirm, methods=["POST"]),
    ]


class _Links:
    """Answers to those who follow a link."""

    def __init__(self, sources: Sources, signer: AcknowledgeSigner, address_of: Callable[[Request], str]) -> None:
        self._sources = sources
        self._signer = signer
        self._address_of = address_of

    def show(self, request: Request) -> Response:
        """Answer with the incident, and a button where it can be acknowledged."""
        return self._answer(request, is_confirmed=False)

    async def confirm(self, request: Request) -> Response:
        """Acknowledge."""
        if not is_from_own_site(request):
            detail = "Open the link of the mail, and press the button there."
            return refusal(request, 403, "this was sent by another site", slug="cross-site", detail=detail)
        return await run_in_threadpool(self._answer, request, is_confirmed=True)

    def _answer(self, request: Request, *, is_confirmed: bool) -> Response:
        token = request.path_params["token"]
        try:
            grant = self._signer.read(token, self._sources.now_us() // 1_000_000)
            return self._granted(request, token, grant, is_confirmed=is_confirmed)
        except ForgedLink as error:
            return refusal(request, 404, error.what, slug=error.slug, detail=f"{error.fix}.")
        except ExpiredLink as error:
            return refusal(request, 410, error.what, slug=error.slug, detail=f"{error.fix}.")
        except StoreError as error:
            headers = {"Retry-After": str(_RETRY_S)}
            return refusal(
                request, 503, "the store cannot be used now", slug=error.slug, detail=error.what, headers=headers
            )

    def _granted(self, request: Request, token: str, grant: AcknowledgeGrant, *, is_confirmed: bool) -> Response:
        incident = self._incident(grant.incident)
        if incident is None:
            detail = "It is over, and was removed from the store with what is as old."
            return refusal(request, 404, "this incident is not kept any more", slug="unknown-incident", detail=detail)
        if self._sources.store.incidents.is_link_used(digest_of(token)):
            return self._page(request, incident, grant, "This link was used already.", 410)
        if not incident.phase.lasts:
            return self._page(request, incident, grant, "This incident is over: there is nothing to acknowledge.", 410)
        if incident.acknowledged_by:
            done = f"This incident is acknowledged already, by {incident.acknowledged_by}."
            return self._page(request, incident, grant, done, 200)
        if not is_confirmed:
            return self._page(request, incident, grant, "", 200)
        return self._acknowledged(request, token, grant, incident)

    def _acknowledged(self, request: Request, token: str, grant: AcknowledgeGrant, incident: Incident) -> Response:
        at_us, store = self._sources.now_us(), self._sources.store
        entry = AuditEntry(
            at_us, grant.recipient, "incident.acknowledge", incident.id, headline(incident),
            f"link of a mail, from {self._address_of(request)}",
        )  # fmt: skip
        acknowledgement = Acknowledgement(incident.id, at_us, "acknowledge", grant.recipient)
        with store.audit.alongside(entry):
            is_first = store.incidents.acknowledge_by_link(acknowledgement, used_token(token, grant, at_us))
        if not is_first:
            return self._page(request, incident, grant, "This link was used already.", 410)
        log.info("action.done", action="acknowledge", by=grant.recipient, name=incident.id, origin="link of a mail")
        done = "You have acknowledged this incident; escalation and reminders stop within seconds."
        return self._page(request, incident, grant, done, 200)

    def _page(self, request: Request, incident: Incident, grant: AcknowledgeGrant, done: str, status: int) -> Response:
        clock = ReaderClock(self._sources.service().timezone, self._sources.now_us())
        view = AcknowledgeView(incident, grant.recipient, request.url.path, done)
        page = acknowledge_page(base_of(request.scope), view, clock)
        return HTMLResponse(page, status, headers={"Cache-Control": "no-store"})

    def _incident(self, name: str) -> Incident | None:
        stored = [row for row in self._sources.store.incidents.named(name, 1) if row.id == name]
        opened = [incident for incident in read_incidents(stored) if incident.phase is not Phase.PENDING]
        return opened[0] if opened else None
