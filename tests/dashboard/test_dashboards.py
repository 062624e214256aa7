"""Dashboards that a workspace writes: files, their faults, and what their pages show."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from tests.accessibility import AXE
from tests.page_patterns import PAGES, misfits, routes_of, unreadable

from outrider.dashboard import DashboardShelf, ServicesSpan, TelemetrySource, dashboard_view
from outrider.server import Background, listen
from outrider.telemetry_store import QueryError, QueryLimits, fill_variables
from outrider.telemetry_store.query_grammar import parse_query
from outrider.telemetry_store.telemetry_search import TelemetrySearch

from .conftest import HOUR_US, MINUTE_US, NOW_US
from .telemetry_scene import HOSTILE, NOW_NS, insert_rows, mixed_logs, source, span_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx
    from playwright.sync_api import Browser

    from outrider.dashboard.dashboard_file import DashboardFile
    from outrider.model import TelemetryReader
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

    from .conftest import Scene

BOARD = """
title = "Shop"
description = "All of it"

[variables.service]
logs = ""
by = "service"

[variables.level]
values = ["error", "warn"]
default = "warn"

[[panel]]
kind = "trend"
title = "Time to pay"
checks = ["*"]

[[panel]]
kind = "number"
title = "Available"
checks = ["probes"]
show = "availability"

[[panel]]
kind = "bar"
title = "Ends"
checks = ["*"]
show = "outcomes"

[[panel]]
kind = "table"
title = "Each"
checks = ["*"]
show = "availability"

[[panel]]
kind = "trend"
title = "Records"
logs = "service:$service"
by = ["service"]
wide = 2

[[panel]]
kind = "bar"
title = "Tenants"
logs = "service:$service level>=$level"
by = ["tenant"]

[[panel]]
kind = "number"
title = "Slow"
spans = "service:nobody"
measure = "p95(duration)"

[[panel]]
kind = "text"
title = "Note"
text = "<b>bold</b>"
"""


def written(root: Path, text: str, name: str = "shop") -> DashboardFile:
    """Return a dashboard of a workspace."""
    folder = root / "reports/dashboards"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.toml").write_text(text)
    return DashboardShelf(root).read(name, ())


def answer(scene: Scene, path: str, **asked: str) -> httpx.Response:
    """Return what is answered to a question."""
    return scene.get(f"{path}?{urlencode(asked)}" if asked else path)[0]


def panel(text: str) -> str:
    """Return a file with one panel."""
    return f'title = "t"\n[[panel]]\ntitle = "a"\n{text}\n'


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 0, "panel is missing"),
        (panel('kind = "tredn"'), 4, 'did you mean "trend"'),
        (panel('kind = "trend"\nchecks = ["nope"]'), 5, "matches no check"),
        (panel('kind = "trend"\nlogs = "level>="'), 5, "column 8"),
        (panel('kind = "trend"\nlogs = "a:$b"'), 5, "column 3: $b is no variable"),
        (panel('kind = "trend"\nlogs = ""\nmeasure = "median"'), 6, "no measure"),
        (panel('kind = "trend"\nlogs = "since:2h"'), 5, "since"),
        (panel('kind = "trend"\nlogs = ""\nmesure = "count"'), 6, 'did you mean "measure"'),
        (panel('kind = "bar"\nspans = ""'), 2, "by is missing"),
        (panel('kind = "text"\ntext = "x"') + '[[panel]]\ntitle = "a"\nkind = "text"\ntext = "y"', 7, "two panels"),
        (panel('kind = "text"\ntext = "x"') + "[variables.since]\nvalues = []", 6, "no name of a variable"),
        ("title = ", 1, "not TOML"),
        (
            'title = "t"\n' + "".join(f'[[panel]]\nkind = "text"\ntitle = "{n}"\ntext = "x"\n' for n in range(200)),
            2,
            "has 200 entries, and a page asks at most 40",
        ),
    ],
)  # fmt: skip
def test_a_wrong_dashboard_says_where_and_why(tmp_path: Path, text: str, line: int, said: str) -> None:
    """Each fault is told with its line and what to write."""
    file = written(tmp_path, text)

    assert any(
        problem.where is not None and problem.where.line == line and said in f"{problem.what} {problem.fix}"
        for problem in file.problems
    ), file.problems


def test_values_of_variables_stay_values() -> None:
    """Whatever an address names becomes one quoted value; a variable that is a part of a value is refused."""
    hostile = 'a" OR level:debug (service:[x'

    assert fill_variables("service:$a level>=$b", {"a": hostile, "b": ""}) == (
        'service:"a\\" OR level:debug (service:[x" level>=*'
    )
    with pytest.raises(QueryError, match="column 7: \\$a is a part of a value"):
        fill_variables("name:x$a", {"a": "y"})


@pytest.mark.parametrize(
    ("query", "filled"),
    [
        ("-service:$any", "-(service:* AND NOT service:*)"),
        ("NOT (level:error OR service:$any)", "NOT (level:error OR (service:* AND NOT service:*))"),
        ("service:!=$any order", "(service:* OR NOT service:*) order"),
        ("-service:[$any, shop, $one]", '-service:[shop, "y"]'),
        ("-shop:[$any, shop]", "-shop:[shop]"),
        ("-$any", "-(message:* AND NOT message:*)"),
        ("--service:$any", "--service:*"),
        ("service:$any -level:$one", 'service:* -level:"y"'),
    ],
)
def test_a_variable_without_a_value_excludes_nothing(query: str, filled: str) -> None:
    """An exclusion of any value would leave no record."""
    assert fill_variables(query, {"any": "", "one": "y"}) == filled
    parse_query(filled)


@pytest.fixture
def board(scene: Scene, telemetry: ClickHouseClient) -> Scene:
    """A dashboard over a check with runs, and over log records."""
    checkout = scene.add("checkout")
    for hours in range(20):
        scene.ran(checkout, ago_us=hours * HOUR_US + MINUTE_US, took_ms=100.0 + hours)
    insert_rows(telemetry, [*mixed_logs("shop"), *mixed_logs(HOSTILE)], "dashboards")
    insert_rows(telemetry, [span_of("shop", "a" * 16, trace="b" * 32)], "dashboards")
    scene.telemetry = source(telemetry)
    written(scene.root, BOARD)
    return scene


def test_a_dashboard_shows_checks_and_queries(board: Scene) -> None:
    """Over the API: values with units, and reasons where there are none."""
    body = answer(board, "/api/v1/dashboards/shop", since="1d", service="shop").json()

    panels = {panel["title"]: panel for panel in body["panels"]}
    assert panels["Available"]["rows"] == [[100.0]]
    assert panels["Available"]["unit"] == "%"
    assert panels["Ends"]["rows"][0] == ["passed", 20.0]
    assert panels["Time to pay"]["rows"][-1][1] == pytest.approx(100, rel=0.02)
    assert panels["Records"]["columns"] == ["time", "shop"]
    assert sum(row[1] for row in panels["Records"]["rows"]) == 7
    assert dict(panels["Tenants"]["rows"]) == {"": 1.0, "acme": 1.0, "big corp": 1.0}
    assert panels["Slow"]["reason"].startswith("no span matches")
    assert {variable["name"]: variable["values"] for variable in body["variables"]}["level"] == ["error", "warn"]
    assert [item["name"] for item in answer(board, "/api/v1/dashboards").json()["items"]] == ["shop"]


def test_a_hostile_value_is_asked_for_as_it_is(board: Scene) -> None:
    """It finds the records of the service that is called so, and no others; the page stays a page."""
    body = answer(board, "/api/v1/dashboards/shop", since="1d", service=HOSTILE).json()
    page = answer(board, "/dashboards/shop", service=HOSTILE, level='"] OR *').text

    columns = next(panel["columns"] for panel in body["panels"] if panel["title"] == "Records")
    assert len(columns) == 2
    assert "<script>alert" not in page
    assert "&lt;b&gt;bold" in page


def test_one_failing_panel_does_not_take_the_page(board: Scene, telemetry: ClickHouseClient) -> None:
    """Queries that end at their limit are said in their panels; those of checks are shown."""
    limited = TelemetrySearch(telemetry, limits=QueryLimits(rows_read=1), clock=lambda: NOW_NS)
    board.telemetry = TelemetrySource(is_on=True, reader=lambda: limited)

    body = answer(board, "/api/v1/dashboards/shop?since=1d").json()

    errors = {panel["title"]: panel["error"] for panel in body["panels"]}
    assert errors["Tenants"]
    assert not errors["Available"]


def test_a_query_that_never_ends_is_said_to_be_late(board: Scene) -> None:
    """The page is answered without it."""
    released = threading.Event()

    @contextmanager
    def ask() -> Iterator[TelemetryReader]:
        released.wait()
        yield board.telemetry.reader()

    span = ServicesSpan.of("1d", NOW_US)
    file = DashboardShelf(board.root).read("shop")
    view = dashboard_view(board.sources, ask, file, span, {}, deadline_s=0.2)
    released.set()

    said = {answer.panel.title: answer.problem.what for answer in view.answers if answer.problem}
    assert said["Records"] == "its answer took longer than 0.2 s"
    assert len(view.answers) == len(file.panels)


def test_without_telemetry_panels_over_checks_work(board: Scene) -> None:
    """The others say what to do."""
    board.telemetry = TelemetrySource()

    page = answer(board, "/dashboards/shop?since=1d").text

    assert "100 %" in page
    assert "add a section [telemetry] to outrider.toml" in page


def test_an_edited_or_broken_file_is_shown_as_it_is_now(board: Scene) -> None:
    """No restart: the page reads the file, and says what is wrong with it."""
    written(board.root, panel('kind = "tredn"'), "broken")

    page = answer(board, "/dashboards/broken").text

    assert "reports/dashboards/broken.toml:4" in page
    assert "did you mean" in page
    assert answer(board, "/dashboards/nobody").status_code == 404


@pytest.fixture
def address(board: Scene) -> Iterator[str]:
    """The address of pages."""
    written(board.root, panel('kind = "tredn"'), "broken")
    listener = listen("127.0.0.1", 0)
    background = Background(board.application, listener)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    background.close()


PATHS = ("/dashboards", "/dashboards/shop?since=1d", "/dashboards/shop?since=30d", "/dashboards/broken")


@pytest.mark.browser
def test_dashboards_fit_every_screen(chromium: Browser, address: str, board: Scene) -> None:
    """Nothing scrolls sideways, and the console stays empty."""
    assert misfits(chromium, address, PATHS) == []
    assert routes_of(board.application, PATHS) == PAGES["dashboards"]


@pytest.mark.browser
@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: python hatch_build.py check")
def test_dashboards_can_be_read_by_everybody(chromium: Browser, address: str) -> None:
    """axe-core finds nothing."""
    assert unreadable(chromium, address, PATHS) == []
