"""The picture in a mail: the durations of the step of a message's first incident."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.charts import trend_picture
from outrider.model import CheckId
from outrider.runs import primary_series

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.alerts import Message
    from outrider.model import RunHistory

_SHOWN = 120
_FEWEST = 2


def picture_from(store: RunHistory, timezone: str) -> Callable[[Message], bytes | None]:
    """Return what draws the trend of a message's first incident; None where the store holds nothing to draw.

    Args:
        store: What was measured.
        timezone: Of those who read the message.
    """

    def draw(message: Message) -> bytes | None:
        if not message.items:
            return None
        item = message.items[0]
        labels = item.labels
        matching = [
            series
            for series in primary_series(store, CheckId(labels.get("check", "")))
            if (series.environment, series.location) == (labels.get("environment"), labels.get("location"))
            and labels.get("step", series.step) == series.step
        ]
        if not matching:
            return None
        points = store.series.samples(matching[0])
        if len(points.at_us) < _FEWEST:
            return None
        title = f"{item.title or labels['check']}: {matching[0].step}, the last {min(_SHOWN, len(points.at_us))} runs"
        at_us, values = points.at_us[-_SHOWN:].tolist(), points.value[-_SHOWN:].tolist()
        return trend_picture(at_us, values, title=title, began_us=item.began_us, timezone=timezone)

    return draw
