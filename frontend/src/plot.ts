// A chart to point at and to zoom, in the page's colours.
import uPlot from "uplot";
import type { Chart, Mark } from "./chart";
import { tooltip } from "./tooltip";
import { amount, tick } from "./words";

const LINES = ["--blue", "--warn", "--bad", "--soft"];
// Told apart without colours, too: as .l0 to .l3 of the style sheets.
const DASHES = [[], [8, 4], [2, 4], [10, 4, 2, 4]];
const FONT = "11px system-ui, sans-serif";
const SIGNS: Record<Mark["kind"], string> = { change: "▲", release: "◆", annotation: "●", knee: "" };

/** The value of a colour of the page, at the time it is drawn. */
type Colour = (name: string) => () => string;

/** Draw into an element; `height` in CSS pixels. */
export function draw(chart: Chart, target: HTMLElement, height: number, zone: string): uPlot {
  const colour: Colour = (name) => () => getComputedStyle(target).getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: colour("--soft"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
    font: FONT,
  };
  const data: (number | null)[][] = [chart.at, ...chart.lines.map(({ values }) => values)];
  const series: uPlot.Series[] = [
    {},
    ...chart.lines.map(({ name }, index) => ({
      label: name,
      stroke: colour(LINES[index % LINES.length] ?? "--blue"),
      dash: DASHES[index % DASHES.length] ?? [],
      width: 1.6,
      points: { show: chart.x === "users" || chart.at.length === 1, size: 5 },
    })),
  ];
  const bands: uPlot.Band[] = [];
  if (chart.band) {
    // uPlot fills between two series that it draws: these two have no line of their own.
    data.push(chart.band.high, chart.band.low);
    series.push(...["usual, high", "usual, low"].map((label) => ({ label, width: 0, points: { show: false } })));
    bands.push({ series: [series.length - 2, series.length - 1], fill: colour("--band") });
  }
  const options: uPlot.Options = {
    width: target.clientWidth,
    height,
    padding: [18, 20, 0, 0], // half of a date beside the last mark of the x axis
    legend: { show: false },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
    scales: {
      // One value alone has no length: half an hour, or one of the unit, on each side.
      x: { time: chart.x === "time", range: (_, low, high) => around(chart, low, high) },
      y: { range: (_, __, high) => [0, (high || 1) * 1.1] },
    },
    axes: [
      {
        ...axis,
        size: 24,
        ...(chart.x === "time" ? {} : { label: chart.x, labelSize: 14, labelFont: FONT, labelGap: 0 }),
        space: 60,
        values: (_, places, __, ___, pace) => places.map((at) => tick(chart, at, pace, zone)),
      },
      {
        ...axis,
        size: 54,
        space: 34,
        values: (_, ticks, __, ___, pace) => ticks.map((value) => amount(value, chart.unit, pace)),
      },
    ],
    series,
    bands,
    cursor: { drag: { x: true, y: false }, y: false, ...(chart.x === "time" ? { sync: { key: "time" } } : {}) },
    hooks: {
      drawClear: [
        (plot) => shade(plot, [[chart.since ?? Infinity, Infinity]], colour("--tint")(), 1),
        (plot) => shade(plot, chart.outages ?? [], colour("--bad")(), 0.22),
      ],
      draw: [
        (plot) => chart.marks.forEach((one) => mark(plot, one, colour)),
        (plot) => name(plot, chart, colour),
      ],
    },
    plugins: [tooltip(chart, zone)],
  };
  return new uPlot(options, data as uPlot.AlignedData, target);
}

function around({ at, x }: Chart, low: number, high: number): [number, number] {
  const [only, ...more] = at;
  const least = x === "time" ? 1800 : 1;
  return only === undefined || more.length ? [low, high] : [only - least, only + least];
}

/** Fill stretches of the x axis over the whole height. */
function shade({ ctx, bbox, valToPos }: uPlot, stretches: [number, number][], fill: string, alpha: number): void {
  const end = bbox.left + bbox.width;
  const place = (at: number) => (at === Infinity ? end : Math.min(Math.max(valToPos(at, "x", true), bbox.left), end));
  ctx.save();
  ctx.fillStyle = fill;
  ctx.globalAlpha = alpha;
  for (const [from, until] of stretches) {
    const width = place(until) - place(from);
    if (width > 0) ctx.fillRect(place(from), bbox.top, Math.max(width, devicePixelRatio), bbox.height);
  }
  ctx.restore();
}

/** Write the lines' names above them, each in its colour; a line alone is told by the chart's heading. */
function name({ ctx, bbox }: uPlot, chart: Chart, colour: Colour): void {
  if (chart.lines.length < 2) return;
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = "left";
  let left = bbox.left;
  chart.lines.forEach((line, index) => {
    ctx.fillStyle = colour(LINES[index % LINES.length] ?? "--blue")();
    ctx.fillText(line.name, left, bbox.top - 5 * devicePixelRatio);
    left += ctx.measureText(line.name).width + 16 * devicePixelRatio;
  });
  ctx.restore();
}

function mark({ ctx, bbox, valToPos }: uPlot, one: Mark, colour: Colour): void {
  const left = valToPos(one.at, "x", true);
  if (left < bbox.left || left > bbox.left + bbox.width) return;
  const ratio = devicePixelRatio;
  const isCalm = one.kind === "release" || one.kind === "annotation";
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour(isCalm ? "--soft" : "--bad")();
  ctx.lineWidth = ratio;
  ctx.setLineDash(isCalm ? [ratio, 3 * ratio] : [3 * ratio, 2 * ratio]);
  ctx.beginPath();
  ctx.moveTo(left, bbox.top);
  ctx.lineTo(left, bbox.top + bbox.height);
  ctx.stroke();
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = "center";
  ctx.fillText(SIGNS[one.kind] || one.word, left, bbox.top - 5 * ratio);
  ctx.restore();
}
