"""Draw: charts as SVG, which need no script and follow the reader's light or dark."""

from outrider.charts.bars import Waterfall, draw_shift, draw_waterfall
from outrider.charts.heat import draw_heat
from outrider.charts.trend import Trend, draw_trend

__all__ = ["Trend", "Waterfall", "draw_heat", "draw_shift", "draw_trend", "draw_waterfall"]
