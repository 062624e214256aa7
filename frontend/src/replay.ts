// The page of a replay: hands the addresses of its parts to the player, leads to moments of it, and marks what is shown.

/** @param frame holds the player; what to play is in its data */
export function followReplay(frame: HTMLIFrameElement): void {
  const origin = new URL(frame.src).origin;
  const moments = [...document.querySelectorAll<HTMLButtonElement>("button[data-at]")];
  const at = (moment: HTMLButtonElement): number => Number(moment.dataset["at"]);

  function tell(message: object): void {
    frame.contentWindow?.postMessage(message, origin);
  }

  function mark(ms: number): void {
    const latest = moments.filter((moment) => at(moment) <= ms).at(-1);
    for (const moment of moments) moment.closest("tr")?.toggleAttribute("aria-current", moment === latest);
  }

  addEventListener("message", ({ source, origin: from, data }: MessageEvent<{ replay?: string; ms?: number }>) => {
    if (source !== frame.contentWindow || from !== origin) return;
    if (data.replay === "ready") tell({ replay: "files", files: JSON.parse(frame.dataset["files"] ?? "[]") });
    if (data.replay === "at" && typeof data.ms === "number") mark(data.ms);
  });
  for (const moment of moments) moment.onclick = () => tell({ replay: "go", ms: at(moment) });
}
