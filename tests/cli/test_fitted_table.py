"""At a terminal of eighty columns a row is one line, and what tells names apart stays."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.cells import cell_len

from outrider.cli.fitted_table import (
    FittedTable,
    name_column,
    note_column,
    number_column,
    place_column,
    text_column,
    time_column,
)
from outrider.cli.printable_console import PrintableConsole

CHECK = "journeys/shop/checkout/test_payment_by_card.py::test_pay_with_a_card_that_is_refused"


def printed(table: FittedTable, *, width: int = 80, is_terminal: bool = True) -> list[str]:
    out = io.StringIO()
    PrintableConsole(file=out, width=width, force_terminal=is_terminal, color_system=None).print(table)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def runs() -> FittedTable:
    table = FittedTable("run", time_column("due (UTC)"), "outcome", name_column("check"), note_column("reason"))
    table.add_row("e261ccb5", "2026-11-29 04:04:07", "failed", CHECK, "status 500, not 200 to 399: " + "why " * 30)
    table.add_row("2c7a90a7", "2026-11-29 04:09:07", "passed", CHECK.replace("refused", "taken"), "")
    return table


def test_names_lose_their_beginning_and_reasons_stand_below_their_row() -> None:
    """Nothing is wider than the terminal, and no reason is cut."""
    title, first, *reason, second = printed(runs())

    assert title.split() == ["run", "due", "(UTC)", "outcome", "check"]
    assert first.startswith("e261ccb5  11-29 04:04  failed   …")
    assert first.endswith("_that_is_refused")
    assert second.endswith("_that_is_taken")
    assert " ".join(line.strip() for line in reason).count("why") == 30
    assert max(map(len, (title, first, second, *reason))) <= 80


def test_a_file_has_everything_in_one_line_a_row() -> None:
    """Programs read whole names, whatever the width of a terminal was."""
    _, first, second = printed(runs(), width=100_000, is_terminal=False)

    assert CHECK in first
    assert "2026-11-29 04:04:07" in first
    assert second == f"2c7a90a7  2026-11-29 04:09:07  passed   {CHECK.replace('refused', 'taken')}"


def test_a_place_that_all_rows_share_is_left_out_and_one_that_differs_is_not() -> None:
    """A narrow terminal has room for what differs."""
    tables = [FittedTable(name_column("check"), place_column("location")) for _ in range(2)]
    for table, places in zip(tables, (("oslo", "oslo"), ("oslo", "rome")), strict=True):
        for place in places:
            table.add_row(CHECK, place)

    alike, different = (printed(table, width=60) for table in tables)

    assert "oslo" not in " ".join(alike)
    assert different[1].endswith("  oslo")


@pytest.mark.parametrize("name", ["支付" * 40, "é" * 200, "a" * 200, "платёж" * 30])
def test_a_name_in_any_script_fits(name: str) -> None:
    """Wide characters take two columns."""
    table = FittedTable(name_column("check"), text_column("step"), number_column("ms"))
    table.add_row(name, name, "12")

    lines = printed(table)

    assert max(map(cell_len, lines)) <= 80
    assert lines[1].endswith("  12")


def test_every_table_of_the_command_line_is_one_of_these() -> None:
    """One component decides how tables fit."""
    folder = Path(__file__).parents[2] / "src" / "outrider" / "cli"

    others = [file.name for file in folder.glob("*.py") if "rich.table" in file.read_text(encoding="utf-8")]

    assert others == []
