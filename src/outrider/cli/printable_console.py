"""A console between any text and the terminal: without secrets, and escapes that it would obey are shown instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.segment import Segment

from outrider.app.access.reader_gate import gated_document
from outrider.cli.main import HUNG_UP
from outrider.model import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import ConsoleOptions, RenderableType
    from rich.text import Text


class PrintableConsole(Console):
    """A console that hides secrets, shows the escapes within texts, and obeys only its own.

    Names such as `probes/shop.toml::a:` hold what would be the code of an emoji; none is drawn.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"emoji": False, **options})

    def on_broken_pipe(self) -> None:
        """End as what is printed without a console does when its reader has gone, as `head` does."""
        try:
            super().on_broken_pipe()
        except SystemExit:
            raise SystemExit(HUNG_UP) from None

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a text to be shown; it is redacted whole, before styles and line breaks split it."""
        return super().render_str(gated_document(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Yield the segments of what is shown, their texts printable."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else printable(text), style, control)
