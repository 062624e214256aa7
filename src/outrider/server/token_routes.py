"""The routes by which an administrator lists, creates and revokes tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse

from outrider.dashboard import NewToken, tokens_page
from outrider.model import OutriderError, Role, StoreError, TokenKind, UsageError
from outrider.server.base_path import base_of
from outrider.server.issued_token import TokenRequest, issue_token
from outrider.server.page_answer import leading_to, page_answer
from outrider.server.refusal import refusal
from outrider.server.viewer import guarded_route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from outrider.dashboard import PageContext, Sources
    from outrider.model import AccessRecords
    from outrider.server.access_control import Access
    from outrider.server.viewer import Viewer

PATH = "/tokens"
_DAY_S = 86_400.0
_SHOWN_CHARACTERS = 200


class Tokens:
    """Answers about tokens.

    Args:
        records: Where they are kept.
        sources: What pages are made from.
    """

    def __init__(self, records: AccessRecords, sources: Sources) -> None:
        self._records = records
        self._sources = sources

    def page(self, request: Request) -> Response:
        """Answer with all tokens."""
        return self._page(request, NewToken())

    def create(self, request: Request) -> Response:
        """Create a token, and show it this once."""
        viewer: Viewer = request.state.viewer
        fields = request.state.body.fields
        try:
            wanted = _wanted(fields)
            self._check_scope(wanted.scope)
            entry = viewer.change(self._sources.now_us(), "token.create", wanted.name, f"{wanted.kind}, {wanted.role}")
            issued = issue_token(self._records, wanted, entry)
        except StoreError as error:
            return refusal(request, 503, "the store cannot be written now", slug=error.slug, detail=error.what)
        except (OutriderError, ValueError) as error:
            return self._page(request, NewToken(fields.get("name", ""), problem=str(error)))
        return self._page(request, NewToken(secret=issued.secret))

    def _check_scope(self, scope: str) -> None:
        """Accept a check that the workspace has; a token for any other would be called without effect.

        Raises:
            UsageError: unknown-check.
        """
        checks = self._sources.checks() or ()
        if scope and scope not in {check.id for check in checks}:
            what = f'the workspace has no check "{scope[:_SHOWN_CHARACTERS]}"'
            raise UsageError(what, slug="unknown-check", fix="write its id, as outrider ls shows it")

    def revoke(self, request: Request) -> Response:
        """Revoke a token."""
        viewer: Viewer = request.state.viewer
        named, at_us = request.state.body.fields.get("token", ""), self._sources.now_us()
        try:
            with self._records.audit.alongside(viewer.change(at_us, "token.revoke", named)):
                self._records.tokens.revoke(named, at_us)
        except StoreError as error:
            return refusal(request, 503, "the store cannot be written now", slug=error.slug, detail=error.what)
        return RedirectResponse(f"{base_of(request.scope)}{PATH}", 303, {"Cache-Control": "no-store"})

    def _page(self, request: Request, new: NewToken) -> Response:
        def make(context: PageContext) -> str:
            return tokens_page(context, self._records.tokens.all(), new)

        return page_answer(request, self._sources, PATH, make)


def token_routes(access: Access, records: AccessRecords, sources: Sources) -> list[Route]:
    """Return the routes."""
    tokens, authorise = Tokens(records, sources), access.authorise
    return [
        guarded_route(PATH, tokens.page, authorise, role=Role.ADMIN),
        guarded_route(f"{PATH}/create", leading_to(PATH), authorise, role=Role.ADMIN),
        guarded_route(f"{PATH}/create", tokens.create, authorise, methods=["POST"], role=Role.ADMIN),
        guarded_route(f"{PATH}/revoke", tokens.revoke, authorise, methods=["POST"], role=Role.ADMIN),
    ]


def _wanted(fields: Mapping[str, str]) -> TokenRequest:
    """Return what a form asks for.

    Raises:
        ValueError: If a choice is none of those that the page offers.
    """
    days = fields.get("days", "")
    return TokenRequest(
        fields.get("name", ""),
        TokenKind(fields.get("kind", "api")),
        Role(fields.get("role", "viewer")),
        float(days) * _DAY_S if days else None,
        fields.get("scope", "").strip(),
    )
