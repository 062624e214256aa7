"""No text drives the terminal that it is printed to."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text
from tests.cli.conftest import invoke

from outrider.cli.printable_console import PrintableConsole
from outrider.model import printable

if TYPE_CHECKING:
    from pathlib import Path


@settings(max_examples=100)
@given(st.text(st.characters(codec=None), max_size=30))
def test_a_table_shows_escapes_and_obeys_none(text: str) -> None:
    """A row of any text stands beside another, and all of it can be written in UTF-8."""
    out = StringIO()
    console = PrintableConsole(file=out, force_terminal=True, color_system=None, width=400)
    table = Table(box=None)
    table.add_row(Text(text), Text("healthy"))

    console.print(table)
    console.print(text, markup=False, highlight=False)

    assert out.getvalue() == printable(out.getvalue())
    assert "healthy" in out.getvalue()
    assert out.getvalue().encode()


def test_the_name_of_a_check_is_no_emoji() -> None:
    """`::a:` in a sentence is the end of a name."""
    out = StringIO()

    PrintableConsole(file=out).print("page of probe:probes/shop.toml::a:", markup=False)

    assert out.getvalue() == "page of probe:probes/shop.toml::a:\n"


def test_a_list_shows_the_escapes_of_names(tmp_path: Path) -> None:
    """A name of a check that would turn the terminal's writing around is shown as it was written."""
    (tmp_path / "outrider.toml").touch()
    (tmp_path / "probes").mkdir()
    table = '["a\\u202eb\\u009b31m"]\nkind = "http"\nurl = "http://shop.example/"\n'
    (tmp_path / "probes" / "shop.toml").write_text(table)

    done = invoke(tmp_path, "ls")

    assert r"probe:probes/shop.toml::a\u202eb\x9b31m" in done.stdout
