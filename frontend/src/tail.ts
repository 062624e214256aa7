// Adds log records to a list as they come in; the server searches once for all who watch the same query.
import { element } from "./elements";

const MOST_ROWS = 500;

interface Arrival {
  everything?: boolean;
  rows?: string;
  skips?: boolean;
  problem?: string;
}

function timeOf(row: Element): bigint {
  return BigInt((row as HTMLElement).dataset["time"] ?? "0");
}

/** Watch the query that a list names. */
export function watch(list: HTMLElement, state: HTMLElement): void {
  const known = new Set([...list.querySelectorAll<HTMLElement>("[data-key]")].map((row) => row.dataset["key"]));
  const waiting: Element[] = [];
  const pause = element("button", { type: "button", "aria-pressed": "false" }, "Pause");
  const words = document.createTextNode("");
  let isPaused = false;

  const say = (text: string): void => {
    words.data = `${text} `;
  };
  const show = (): void => {
    for (const row of waiting.splice(0)) {
      const time = timeOf(row);
      list.insertBefore(row, [...list.children].find((other) => timeOf(other) <= time) ?? null);
    }
    for (const row of [...list.children].slice(MOST_ROWS)) {
      known.delete((row as HTMLElement).dataset["key"]);
      row.remove();
    }
  };
  const take = (arrival: Arrival): void => {
    if (arrival.everything) return location.reload(); // the stream was away for longer than it looks back
    if (arrival.problem) return say(`Not live: ${arrival.problem}.`);
    const rows = new DOMParser().parseFromString(`<ol>${arrival.rows ?? ""}</ol>`, "text/html");
    for (const row of [...rows.querySelectorAll<HTMLElement>("[data-key]")].reverse()) {
      if (known.has(row.dataset["key"])) continue;
      known.add(row.dataset["key"]);
      waiting.push(document.adoptNode(row));
    }
    waiting.splice(0, waiting.length - MOST_ROWS);
    if (!isPaused) show();
    const held = isPaused && waiting.length ? ` ${waiting.length} wait.` : "";
    say((isPaused ? "Paused." : arrival.skips ? "Live; more come in than are shown." : "Live.") + held);
  };

  pause.addEventListener("click", () => {
    isPaused = !isPaused;
    pause.setAttribute("aria-pressed", String(isPaused));
    if (!isPaused) show();
    say(isPaused ? "Paused." : "Live.");
  });
  state.replaceChildren(words, pause);
  const stream = new EventSource(list.dataset["tail"] ?? "");
  stream.addEventListener("open", () => say(isPaused ? "Paused." : "Live."));
  stream.addEventListener("error", () => say("Not live: the server does not answer."));
  stream.addEventListener("change", (event) => take(JSON.parse(event.data as string) as Arrival));
}
