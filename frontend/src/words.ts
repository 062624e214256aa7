// Values as a reader wants them.
import type { Chart } from "./chart";

const DAY = 86_400;
const LANGUAGE = document.body.dataset["locale"] ?? "en";
/** English days before months and clocks of 24 hours, as on the printed chart. */
const DATES = LANGUAGE === "en" ? "en-GB" : LANGUAGE;

function fixed(value: number, digits: number): string {
  return value.toLocaleString(LANGUAGE, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    useGrouping: false,
  });
}

/** A value of the y axis, told apart from one that is `pace` away; the same words as on the printed chart. */
export function amount(value: number, unit: Chart["unit"], pace = 1): string {
  if (unit !== "ms") return value.toLocaleString(LANGUAGE, { maximumFractionDigits: value < 10 ? 2 : 1 });
  if (value >= 10_000) return `${fixed(value / 1000, 1)} s`;
  if (value >= 1000) return `${fixed(value / 1000, 2)} s`;
  if (!value) return "0 ms";
  return `${fixed(value, pace < 0.1 ? 2 : value >= 10 && pace >= 1 ? 0 : 1)} ms`;
}

/** A mark of the x axis, as short as the distance to the next [s] allows. */
export function tick(chart: Chart, at: number, pace: number, zone: string): string {
  if (chart.x !== "time") return at.toLocaleString(LANGUAGE);
  const moment = new Date(at * 1000);
  const hour = moment.toLocaleTimeString(DATES, { hour: "2-digit", minute: "2-digit", timeZone: zone });
  const isDay = pace >= DAY || hour === "00:00";
  return isDay ? moment.toLocaleDateString(DATES, { day: "2-digit", month: "short", timeZone: zone }) : hour;
}

/** A place of the x axis, in the report's time zone. */
export function place(chart: Chart, at: number, zone: string): string {
  if (chart.x !== "time") return `${at.toLocaleString(LANGUAGE)} ${chart.x}`;
  return new Date(at * 1000).toLocaleString(DATES, {
    weekday: "short",
    day: "2-digit",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    timeZone: zone,
  });
}
