"""`outrider record`."""

from __future__ import annotations

import click

from outrider.app import find_workspace, record_journey, web_address
from outrider.cli.echo import echo
from outrider.cli.option_types import TypedValue


@click.command(epilog="Example: outrider record https://shop.example checkout")
@click.argument("url", type=TypedValue("address", web_address))
@click.argument("name", required=False)
@click.option("--force", is_flag=True, help="Replace a journey of that name.")
def record(url: str, *, name: str | None, force: bool) -> int:
    """Record a journey by clicking through the site at URL, and write it into journeys/.

    Playwright's recorder opens a window; the journey is written when you close it, as an ordinary pytest test called
    NAME. A machine without a display cannot record: do it where there is one, and copy the file.
    """
    recording = record_journey(find_workspace(), url, name, force=force)
    echo(f"{recording.path}: written. Run it: outrider run {recording.path}")
    if recording.confidential:
        lines = ", ".join(map(str, recording.confidential))
        echo(
            f"line {lines}: something confidential seems to be typed; take it from a secret before you commit: "
            'os.environ["NAME"], with NAME = {env = "NAME"} below [secrets] in outrider.toml',
            err=True,
        )
    return 0
