"""What pages and the API show: values out of the store, and those as HTML. It knows no HTTP."""

from outrider.dashboard.api_answers import api_check, api_checks, api_incident, api_incidents, api_run, api_runs
from outrider.dashboard.api_values import CheckBody, CheckPage, IncidentBody, IncidentPage, RunBody, RunPage
from outrider.dashboard.check_detail import SPANS, USUAL_DAYS, CheckDetail, CheckQuery, check_detail
from outrider.dashboard.check_page import check_page
from outrider.dashboard.incident_view import incident_detail, incident_list
from outrider.dashboard.list_pages import incident_page, incidents_page, releases_page, service_page
from outrider.dashboard.overview import Filter, OverviewView, overview
from outrider.dashboard.overview_page import overview_page, wall_page
from outrider.dashboard.page_addresses import check_path, read_position
from outrider.dashboard.page_templates import Asset, PageContext, page_assets, problem_page, render
from outrider.dashboard.reader_clock import ReaderClock
from outrider.dashboard.release_view import release_list
from outrider.dashboard.run_detail import RunDetail, run_detail
from outrider.dashboard.run_page import run_page
from outrider.dashboard.sources import Sources

__all__ = [
    "SPANS", "USUAL_DAYS", "Asset", "CheckBody", "CheckDetail", "CheckPage", "CheckQuery", "Filter", "IncidentBody",
    "IncidentPage", "OverviewView", "PageContext", "ReaderClock", "RunBody", "RunDetail", "RunPage", "Sources",
    "api_check", "api_checks", "api_incident", "api_incidents", "api_run", "api_runs", "check_detail", "check_page",
    "check_path", "incident_detail", "incident_list", "incident_page", "incidents_page", "overview", "overview_page",
    "page_assets", "problem_page", "read_position", "release_list", "releases_page", "render", "run_detail",
    "run_page", "service_page", "wall_page",
]  # fmt: skip
