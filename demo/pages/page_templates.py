"""Templates, and the values that every page gets."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.templating import Jinja2Templates

from demo.faults.fault_middleware import page_flags
from demo.money import euros
from demo.seed import KINDS
from demo.shop import Shop

RUM_DSN: Final = "SHOP_RUM_DSN"
"""The variable that says where pages tell what their users live through; they tell nothing without it."""
_TEMPLATES: Final = Path(__file__).parent.parent / "templates"


def shop_templates(shop: Shop, third_party_port: int) -> Jinja2Templates:
    """Return the shop's templates, each knowing the visitor, the cart and the third party's address."""

    def visitor(request: Request) -> dict[str, Any]:
        return {"customer": shop.customer(request), "cart_count": shop.cart_count(request), "kinds": KINDS}

    def third_party(request: Request) -> dict[str, Any]:
        # The same host as the visitor used, so that the shop works behind any name.
        return {"third_party": str(request.url.replace(port=third_party_port, path="", query=""))}

    def real_users(request: Request) -> dict[str, Any]:  # noqa: ARG001
        return {"rum": rum}

    rum = RumTag.of(os.environ.get(RUM_DSN, ""))
    templates = Jinja2Templates(directory=_TEMPLATES, context_processors=[visitor, third_party, page_flags, real_users])
    templates.env.filters["euros"] = euros
    templates.env.trim_blocks = templates.env.lstrip_blocks = True
    return templates


@dataclass(frozen=True, slots=True)
class RumTag:
    """The script of real users, and where it sends to."""

    script: str
    dsn: str
    release: str

    @classmethod
    def of(cls, dsn: str) -> "RumTag | None":
        """Return the tag of a DSN; None without one."""
        parts = urlsplit(dsn)
        host = parts.netloc.rpartition("@")[2]
        return cls(f"{parts.scheme}://{host}/rum.js", dsn, os.environ.get("SHOP_RELEASE", "v2.3")) if host else None


def field(form: FormData, name: str) -> str:
    """Return a text field of a form, trimmed; empty if it is missing or a file."""
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""
