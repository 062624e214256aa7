"""The shop's pages: handlers that read a request and render a template."""

from demo.pages.account import AccountPages
from demo.pages.catalogue import CataloguePages
from demo.pages.checkout import CheckoutPages
from demo.pages.rendering import shop_templates

__all__ = ["AccountPages", "CataloguePages", "CheckoutPages", "shop_templates"]
