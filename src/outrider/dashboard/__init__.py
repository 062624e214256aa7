"""What pages and the API show: values out of the store, and those as HTML. It knows no HTTP."""

from outrider.dashboard.overview import Filter, OverviewView, overview
from outrider.dashboard.overview_page import overview_page, wall_page
from outrider.dashboard.page_templates import Asset, PageContext, page_assets, problem_page, render
from outrider.dashboard.reader_clock import ReaderClock
from outrider.dashboard.sources import Sources

__all__ = [
    "Asset", "Filter", "OverviewView", "PageContext", "ReaderClock", "Sources", "overview", "overview_page",
    "page_assets", "problem_page", "render", "wall_page",
]  # fmt: skip
