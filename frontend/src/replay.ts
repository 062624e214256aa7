// The page of a replay: hands the addresses of its parts to the player, leads to moments of it, and marks what is shown.

interface Line {
  ms: number;
  level: string;
  text: string;
}

interface Message {
  replay?: string;
  ms?: number;
  lines?: Line[];
}

/** @param frame holds the player; what to play is in its data */
export function followReplay(frame: HTMLIFrameElement): void {
  const origin = new URL(frame.src).origin;
  const body = document.querySelector<HTMLElement>(".replay tbody");
  const moments = (): HTMLButtonElement[] => [...document.querySelectorAll<HTMLButtonElement>("button[data-at]")];
  const at = (moment: HTMLButtonElement): number => Number(moment.dataset["at"]);

  function tell(message: object): void {
    frame.contentWindow?.postMessage(message, origin);
  }

  function mark(ms: number): void {
    const all = moments();
    const latest = all.filter((moment) => at(moment) <= ms).at(-1);
    for (const moment of all) moment.closest("tr")?.toggleAttribute("aria-current", moment === latest);
  }

  /** Put what the page wrote to its console, which only the replay knows, among the moments. */
  function addLines(lines: Line[]): void {
    if (lines.length) document.querySelector(".replay .none")?.remove();
    for (const { ms, level, text } of lines) {
      const row = document.createElement("tr");
      row.className = "of-errors";
      row.innerHTML = '<td class="number"><button type="button"></button></td><td><b></b> <bdi></bdi></td>';
      const button = row.querySelector("button") as HTMLButtonElement;
      button.dataset["at"] = String(ms);
      button.textContent = `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;
      (row.querySelector("b") as HTMLElement).textContent = level;
      (row.querySelector("bdi") as HTMLElement).textContent = text;
      const next = moments().find((moment) => at(moment) > ms);
      body?.insertBefore(row, next?.closest("tr") ?? null);
    }
  }

  addEventListener("message", ({ source, origin: from, data }: MessageEvent<Message>) => {
    if (source !== frame.contentWindow || from !== origin) return;
    if (data.replay === "ready") tell({ replay: "files", files: JSON.parse(frame.dataset["files"] ?? "[]") });
    if (data.replay === "console") addLines(data.lines ?? []);
    if (data.replay === "at" && typeof data.ms === "number") mark(data.ms);
  });
  body?.addEventListener("click", ({ target }) => {
    const moment = (target as Element).closest<HTMLButtonElement>("button[data-at]");
    if (moment) tell({ replay: "go", ms: at(moment) });
  });
}
