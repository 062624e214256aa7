// What the page says of a chart, and how it is read.

/** Moments: evenly spaced, or each by itself; seconds since 1970 on a time axis. */
type At = { first: number; pace: number } | number[];

/** A level that changed, a release or an annotation, at a place of the x axis. */
export interface Mark {
  at: number;
  word: string;
  kind: "change" | "release" | "annotation" | "knee";
}

/** A chart's values; null is "not measured". */
export interface Chart {
  title: string;
  x: "time" | "seconds" | "users";
  unit: "ms" | "";
  at: number[];
  lines: { name: string; values: (number | null)[] }[];
  band?: { low: number[]; high: number[] };
  marks: Mark[];
  outages?: [number, number][];
  since?: number;
}

interface Sent extends Omit<Chart, "at" | "marks"> {
  at: At;
  marks?: Mark[];
}

/** Read what `charts/interactive.py` wrote; a band may repeat and is then sent once. */
export function read(text: string): Chart {
  const sent = JSON.parse(text) as Sent;
  const { at, band, ...rest } = sent;
  const count = sent.lines[0]?.values.length ?? 0;
  const moments = Array.isArray(at) ? at : Array.from({ length: count }, (_, index) => at.first + index * at.pace);
  const chart: Chart = { ...rest, at: moments, marks: sent.marks ?? [] };
  if (band) chart.band = { low: repeat(band.low, count), high: repeat(band.high, count) };
  return chart;
}

function repeat(values: number[], count: number): number[] {
  return Array.from({ length: count }, (_, index) => values[index % values.length] ?? 0);
}
