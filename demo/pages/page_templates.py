"""Templates, and the values that every page gets."""

from pathlib import Path
from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.templating import Jinja2Templates

from demo.faults.fault_middleware import page_flags
from demo.money import euros
from demo.seed import KINDS
from demo.shop import Shop

_TEMPLATES: Final = Path(__file__).parent.parent / "templates"


def shop_templates(shop: Shop, third_party_port: int) -> Jinja2Templates:
    """Return the shop's templates, each knowing the visitor, the cart and the third party's address."""

    def visitor(request: Request) -> dict[str, Any]:
        return {"customer": shop.customer(request), "cart_count": shop.cart_count(request), "kinds": KINDS}

    def third_party(request: Request) -> dict[str, Any]:
        # The same host as the visitor used, so that the shop works behind any name.
        return {"third_party": str(request.url.replace(port=third_party_port, path="", query=""))}

    templates = Jinja2Templates(directory=_TEMPLATES, context_processors=[visitor, third_party, page_flags])
    templates.env.filters["euros"] = euros
    templates.env.trim_blocks = templates.env.lstrip_blocks = True
    return templates


def field(form: FormData, name: str) -> str:
    """Return a text field of a form, trimmed; empty if it is missing or a file."""
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""
