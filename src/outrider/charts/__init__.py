"""Draw: charts as SVG, which need no script and follow the reader's light or dark, and as PNG for mail.

Lines come with their values, for the page's script, where a page has one, to make them interactive.
"""

from outrider.charts.bars import Waterfall, draw_shift, draw_waterfall
from outrider.charts.curve import Curve, draw_curve
from outrider.charts.flame_bars import FlameBar, draw_flame_graph
from outrider.charts.heat import draw_heat
from outrider.charts.interactive import Assets, assets
from outrider.charts.lines import draw_lines
from outrider.charts.mail_style import mail_style
from outrider.charts.picture import band_picture, trend_picture
from outrider.charts.scale import milliseconds
from outrider.charts.service_map import MapEdge, MapNode, draw_map
from outrider.charts.span_rows import SpanRow, draw_span_rows
from outrider.charts.stacked_bars import StackedBar, draw_stacked_bars
from outrider.charts.strips import draw_sparkline, draw_uptime
from outrider.charts.time_lines import MOST_LINES, draw_time_lines
from outrider.charts.trend import Trend, draw_trend

__all__ = [
    "MOST_LINES",
    "Assets",
    "Curve",
    "FlameBar",
    "MapEdge",
    "MapNode",
    "SpanRow",
    "StackedBar",
    "Trend",
    "Waterfall",
    "assets",
    "band_picture",
    "draw_curve",
    "draw_flame_graph",
    "draw_heat",
    "draw_lines",
    "draw_map",
    "draw_shift",
    "draw_span_rows",
    "draw_sparkline",
    "draw_stacked_bars",
    "draw_time_lines",
    "draw_trend",
    "draw_uptime",
    "draw_waterfall",
    "mail_style",
    "milliseconds",
    "trend_picture",
]
