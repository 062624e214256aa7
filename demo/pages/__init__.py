"""The shop's pages: handlers that read a request and render a template."""

from demo.pages.account_pages import AccountPages
from demo.pages.catalogue_pages import CataloguePages
from demo.pages.checkout_pages import CheckoutPages
from demo.pages.page_templates import shop_templates

__all__ = ["AccountPages", "CataloguePages", "CheckoutPages", "shop_templates"]
