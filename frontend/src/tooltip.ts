// The words beside the pointer. They are set as text: a name that looks like markup stays a name.
import type uPlot from "uplot";
import type { Chart } from "./chart";
import { amount, place } from "./words";

const NEAR_PIXELS = 8;

/** Tell of the moment under the pointer: when, each line's value, the band, and what happened there. */
export function tooltip(chart: Chart, zone: string): uPlot.Plugin {
  const box = document.createElement("div");
  box.className = "tip";
  box.setAttribute("role", "status");
  return {
    hooks: {
      init: (plot) => void plot.over.append(box),
      setCursor: (plot) => {
        const { idx, left = -1 } = plot.cursor;
        const at = idx == null ? undefined : chart.at[idx];
        box.hidden = at === undefined || left < 0;
        if (idx == null || at === undefined || box.hidden) return;
        const lines = [place(chart, at, zone), ...valuesAt(chart, idx), ...marksNear(chart, plot, left)];
        box.replaceChildren(...lines.map(paragraph));
        const room = plot.over.clientWidth - box.offsetWidth;
        box.style.left = `${Math.max(0, Math.min(left + 12, left > room - 12 ? left - box.offsetWidth - 12 : room))}px`;
      },
    },
  };
}

function valuesAt(chart: Chart, index: number): string[] {
  const words = chart.lines.map(({ name, values }) => {
    const value = values[index];
    return `${name}: ${value == null ? "not measured" : amount(value, chart.unit)}`;
  });
  const [low, high] = [chart.band?.low[index], chart.band?.high[index]];
  if (low !== undefined && high !== undefined) words.push(`usual: ${amount(low, chart.unit)} to ${amount(high, chart.unit)}`);
  return words;
}

function marksNear(chart: Chart, plot: uPlot, left: number): string[] {
  return chart.marks.filter(({ at }) => Math.abs(plot.valToPos(at, "x") - left) <= NEAR_PIXELS).map(({ word }) => word);
}

function paragraph(text: string): HTMLElement {
  const line = document.createElement("p");
  line.textContent = text;
  return line;
}
