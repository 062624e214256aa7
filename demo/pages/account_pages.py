"""Pages for customers: sign-in, one-time code, account and sign-out."""

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates

from demo.pages.page_templates import field
from demo.shop import Shop, forget, remember

_SEE_OTHER: Final = 303
_ACCOUNT: Final = "/account"


class AccountPages:
    """Pages that know the customer."""

    def __init__(self, shop: Shop, templates: Jinja2Templates) -> None:
        self._shop = shop
        self._render = templates.TemplateResponse

    def routes(self) -> list[Route]:
        """Return where these pages stand."""
        return [
            Route("/sign-in", self.sign_in_form),
            Route("/sign-in", self.sign_in, methods=["POST"]),
            Route("/sign-in/code", self.code_form),
            Route("/sign-in/code", self.code, methods=["POST"]),
            Route("/sign-out", self.sign_out, methods=["POST"]),
            Route(_ACCOUNT, self.account),
        ]

    async def sign_in_form(self, request: Request) -> Response:
        """Ask who it is."""
        return self._render(request, "sign_in.html", {"next": local_path(request.query_params.get("next", ""))})

    async def sign_in(self, request: Request) -> Response:
        """Check the password, and ask customers who use one for their code."""
        form = await request.form()
        customer = self._shop.accounts.signed_in(field(form, "email"), field(form, "password"))
        after = local_path(field(form, "next"))
        if customer is None:
            context = {"next": after, "email": field(form, "email"), "error": "That email and password do not match."}
            return self._render(request, "sign_in.html", context, status_code=401)
        session = self._shop.session(request) or self._shop.sessions.open()
        if customer.needs_code:
            response = RedirectResponse(f"/sign-in/code?next={after}", _SEE_OTHER)
            remember(response, self._shop.sessions.renew(session, awaiting_code=customer.email))
            return response
        response = RedirectResponse(after, _SEE_OTHER)
        remember(response, self._shop.sessions.renew(session, email=customer.email))
        return response

    async def code_form(self, request: Request) -> Response:
        """Ask for the one-time code."""
        session = self._shop.session(request)
        if session is None or session.awaiting_code is None:
            return RedirectResponse("/sign-in", _SEE_OTHER)
        return self._render(request, "code.html", {"next": local_path(request.query_params.get("next", ""))})

    async def code(self, request: Request) -> Response:
        """Check the one-time code."""
        session = self._shop.session(request)
        if session is None or session.awaiting_code is None:
            return RedirectResponse("/sign-in", _SEE_OTHER)
        form = await request.form()
        after = local_path(field(form, "next"))
        if not self._shop.accounts.code_is_right(field(form, "code"), self._shop.world.now()):
            context = {"next": after, "error": "That code is wrong or too old."}
            return self._render(request, "code.html", context, status_code=401)
        response = RedirectResponse(after, _SEE_OTHER)
        remember(response, self._shop.sessions.renew(session, email=session.awaiting_code))
        return response

    async def sign_out(self, request: Request) -> Response:
        """Forget the visitor."""
        session = self._shop.session(request)
        if session is not None:
            self._shop.sessions.close(session)
        response = RedirectResponse("/", _SEE_OTHER)
        forget(response)
        return response

    async def account(self, request: Request) -> Response:
        """Show the customer's newest orders."""
        customer = self._shop.customer(request)
        if customer is None:
            return RedirectResponse("/sign-in", _SEE_OTHER)
        return self._render(request, "account.html", {"orders": self._shop.orders.latest(customer.email)})


def local_path(path: str) -> str:
    """Return `path` if it is one of the shop's, else the account's: a sign-in must not lead elsewhere."""
    plain = path.startswith("/") and all(letter.isalnum() or letter in "/-" for letter in path)
    return path if plain and not path.startswith("//") else _ACCOUNT
