"""The pictures in a mail: the trend of the step of a message's first incident, and the screenshot of its failed run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.alerts import Enclosure
from outrider.charts import trend_picture
from outrider.model import ArtifactKind, CheckId, StoreError, UsageError, using_locale
from outrider.runs import WHOLE_REQUEST, primary_series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.alerts import Item, Message, PictureMaker
    from outrider.model import RunHistory

_SHOWN = 120
_FEWEST = 5
_MOST_BYTES = 1_500_000
_TYPES = frozenset({"image/png", "image/jpeg", "image/webp"})


def pictures_from(store: RunHistory, timezone: str, locale: str = "en") -> PictureMaker:
    """Return what draws the pictures of a message's first incident; none where the store holds nothing to draw.

    Args:
        store: What was measured.
        timezone: Of those who read the message.
        locale: Of the same.
    """

    def draw(message: Message) -> tuple[Enclosure, ...]:
        if not message.items:
            return ()
        item = message.items[0]
        screenshots = () if message.is_over else _screenshot(store, item)
        with using_locale(locale):
            return (*screenshots, *_trend(store, item, timezone))

    return draw


def _trend(store: RunHistory, item: Item, timezone: str) -> Iterator[Enclosure]:
    labels = item.labels
    check, place = CheckId(labels.get("check", "")), (labels.get("environment", ""), labels.get("location", ""))
    titles = {step.key: step.title for step in store.runs.passed_steps(check, *place)}
    matching = [
        series
        for series in primary_series(store, check)
        if (series.environment, series.location) == place
        and labels.get("step", series.step) in {series.step, titles.get(series.step)}
    ]
    points = store.series.samples(matching[0]) if matching else None
    if points is None or len(points.at_us) < _FEWEST:
        return
    count = min(_SHOWN, len(points.at_us))
    step = matching[0].step
    step = "" if step in {"", WHOLE_REQUEST} else f"{titles.get(step, step)}, "
    title = f"{item.title or labels['check']}: {step}the last {count} runs, ms"
    at_us, values = points.at_us[-_SHOWN:].tolist(), points.value[-_SHOWN:].tolist()
    png = trend_picture(at_us, values, began_us=item.began_us, timezone=timezone)
    yield Enclosure.of("trend.png", "image/png", png, cid="trend@outrider.invalid", title=title)


def _screenshot(store: RunHistory, item: Item) -> Iterator[Enclosure]:
    """Yield what the failed run showed last; retention may have removed it meanwhile."""
    try:
        stored = store.runs.get(item.run) if item.run else None
        shots = [file for file in stored.artifacts if file.kind is ArtifactKind.SCREENSHOT] if stored else []
        if stored is None or stored.run.outcome.is_good or not shots:
            return
        shot = shots[-1]
        if shot.bytes <= _MOST_BYTES and shot.media_type in _TYPES:
            title = f"Screenshot as {item.labels.get('step') or 'the run'} failed"
            yield Enclosure.of(shot.name, shot.media_type, shot.read(), cid="screenshot@outrider.invalid", title=title)
    except (StoreError, UsageError):
        return
