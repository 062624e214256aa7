"""The documentation that is installed with the program: where a topic stands in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from outrider.model import OutriderError, UsageError
from outrider.workspace import nearest

FOLDER = Path(__file__).parents[1] / "documentation"
_ANCHOR = re.compile(r'<section id="([^"]+)"')
_OF_COMMANDS, _OF_ERRORS = "reference/commands.html", "errors.html"


@dataclass(frozen=True, slots=True)
class Topic:
    """A page, and the heading on it; an empty heading is the page's beginning."""

    page: Path
    heading: str = ""

    @property
    def address(self) -> str:
        """What a browser opens."""
        return self.page.as_uri() + (f"#{self.heading}" if self.heading else "")


def find_topic(words: str, folder: Path = FOLDER) -> Topic:
    """Return where something is documented; of no words the first page.

    Args:
        words: The name of a page, of an error, or a command.

    Raises:
        OutriderError: no-documentation.
        UsageError: unknown-topic.
    """
    first = folder / "index.html"
    if not first.is_file():
        raise OutriderError(
            f"this installation has no documentation: there is no {first}",
            slug="no-documentation",
            fix="in a checkout, type make docs; else read the folder docs/ of the repository",
        )
    if not words:
        return Topic(first)
    topics = _topics(folder)
    if words not in topics:
        raise UsageError(f'nothing is called "{words}"', slug="unknown-topic", fix=nearest(words, topics))
    return topics[words]


def _topics(folder: Path) -> dict[str, Topic]:
    """Return what may be asked for; a page before an error, and an error before a command of the same name."""
    commands, errors = (
        {heading: Topic(folder / page, heading) for heading in _ANCHOR.findall((folder / page).read_text("utf-8"))}
        for page in (_OF_COMMANDS, _OF_ERRORS)
    )
    typed = {heading.removeprefix("outrider-").replace("-", " "): topic for heading, topic in commands.items()}
    by_hyphen = {heading.removeprefix("outrider-"): topic for heading, topic in commands.items()}
    pages = {path.stem: Topic(path) for path in sorted(folder.rglob("*.html"))}
    return {**typed, **by_hyphen, **errors, **pages}
