// A report's charts: each becomes one to point at and to zoom when it comes into view. Without this script, and on
// paper, the chart that the page was sent with stays.
import type uPlot from "uplot";
import { read } from "./chart";
import { draw } from "./plot";

const zone = document.body.dataset["timezone"] ?? "UTC";
const LEAST_HEIGHT = 150;
const plots = new Map<HTMLElement, uPlot>();

function enliven(figure: HTMLElement): void {
  const printed = figure.querySelector("svg");
  const values = figure.dataset["chart"];
  if (!printed || !values) return;
  const chart = read(values);
  const { height } = printed.getBoundingClientRect();
  const target = document.createElement("div");
  target.className = "plot";
  target.tabIndex = 0;
  target.setAttribute("role", "img");
  target.setAttribute("aria-label", chart.title);
  figure.append(target);
  figure.classList.add("live");
  const plot = draw(chart, target, Math.max(height, LEAST_HEIGHT), zone);
  target.addEventListener("keydown", (event) => walk(plot, event));
  plots.set(figure, plot);
}

/** Move the pointer from value to value with the arrow keys; Escape shows the whole again. */
function walk(plot: uPlot, event: KeyboardEvent): void {
  const pace = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const moments = plot.data[0];
  if (pace !== undefined) {
    const next = Math.min(Math.max((plot.cursor.idx ?? moments.length - 1) + pace, 0), moments.length - 1);
    plot.setCursor({ left: plot.valToPos(moments[next] ?? 0, "x"), top: 0 });
  } else if (event.key === "Escape") {
    plot.setScale("x", { min: moments[0] ?? 0, max: moments.at(-1) ?? 0 });
  } else return;
  event.preventDefault();
}

const seen = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      enliven(target as HTMLElement);
    }
  },
  { rootMargin: "200px" },
);
const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const plot = plots.get(target as HTMLElement);
    const width = plot?.root.parentElement?.clientWidth; // its own place may be narrower than the figure's; none on paper
    if (plot && width && width !== plot.width) plot.setSize({ width, height: plot.height });
  }
});

document.documentElement.classList.add("interactive");
for (const figure of document.querySelectorAll<HTMLElement>("[data-chart]")) {
  seen.observe(figure);
  resized.observe(figure);
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const plot of plots.values()) plot.redraw(false);
});
