// Plays the replay of a session, in a document of its own at the origin of artifacts. The page around it hands over the
// addresses of its parts, asks for moments, and is told which one is shown. Nothing of a replay runs: rrweb builds it in a
// frame without scripts, and the policy of this document is that frame's, too.
import { Replayer } from "@rrweb/replay";

const TICK_MS = 200;
/** A user who does nothing for so long is idle; what is skipped ends a second before they go on. */
const IDLE_MS = 3_000;
const BEFORE_MS = 1_000;
const META = 4;
const FULL = 2;
const INCREMENT = 3;
const CUSTOM = 5;
/** Moved, clicked, scrolled, resized, typed, dragged: what a user does. */
const DONE = new Set([1, 2, 3, 4, 5, 6, 12, 14]);

interface ReplayEvent {
  type: number;
  timestamp: number;
  data: { source?: number; payload?: { level: string; text: string } };
}

function part<T extends HTMLElement>(name: string): T {
  return document.getElementById(name) as T;
}

const [stage, state, seek, clock] = [part("stage"), part("state"), part<HTMLInputElement>("seek"), part("clock")];
const [toggle, speed, skip] = [part<HTMLButtonElement>("toggle"), part<HTMLSelectElement>("speed"), part<HTMLInputElement>("skip")];

function time(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** Fetch the parts, which lie at this origin alone. */
async function load(addresses: unknown): Promise<ReplayEvent[]> {
  const files = (Array.isArray(addresses) ? addresses : []).map((address) => new URL(String(address), location.href));
  const own = files.filter(({ origin, pathname }) => origin === location.origin && pathname.startsWith("/file/"));
  const parts = await Promise.all(
    own.map(async (address) => {
      const answer = await fetch(address, { credentials: "omit" });
      if (!answer.ok) throw new Error(answer.status === 403 ? "its addresses have expired: load the page again" : "a part of it is gone");
      return (await answer.json()) as ReplayEvent[];
    }),
  );
  return parts.flat().sort((a, b) => a.timestamp - b.timestamp);
}

class Player {
  readonly #replayer: Replayer;
  readonly #start: number;
  readonly #length: number;
  /** When there is something to see. */
  readonly #first: number;
  /** When the user did something, ms since the beginning. */
  readonly #done: number[];
  #isPlaying = false;

  constructor(events: ReplayEvent[]) {
    const first = events[0] as ReplayEvent;
    const last = events.at(-1) as ReplayEvent;
    [this.#start, this.#length] = [first.timestamp, last.timestamp - first.timestamp];
    this.#first = (events.find(({ type }) => type === FULL)?.timestamp ?? this.#start) - this.#start;
    this.#done = events
      .filter(({ type, data }) => type === META || type === FULL || (type === INCREMENT && DONE.has(data.source ?? 0)))
      .map(({ timestamp }) => timestamp - this.#start);
    this.#replayer = new Replayer(events as unknown as ConstructorParameters<typeof Replayer>[0], {
      root: stage, mouseTail: false, showWarning: false, showDebug: false, triggerFocus: false, skipInactive: false,
      UNSAFE_replayCanvas: false, pauseAnimation: true,
    });
    this.#replayer.on("resize", () => this.#fit());
    this.#replayer.on("finish", () => {
      this.#isPlaying = false;
      this.#show();
    });
    addEventListener("resize", () => this.#fit());
    seek.max = String(this.#length);
    setInterval(() => this.#tick(), TICK_MS);
    this.pause(0);
  }

  get at(): number {
    return Math.min(this.#length, Math.max(0, this.#replayer.getCurrentTime()));
  }

  play(from = this.at >= this.#length ? 0 : this.at): void {
    this.#isPlaying = true;
    this.#replayer.play(from);
    this.#show();
  }

  pause(at: number): void {
    this.#isPlaying = false;
    this.#replayer.pause(Math.min(this.#length, Math.max(this.#first, at)) + 1); // what happened before that is shown
    this.#show();
  }

  toggle(): void {
    if (this.#isPlaying) this.pause(this.at);
    else this.play();
  }

  go(ms: number): void {
    if (this.#isPlaying) this.play(Math.min(this.#length, Math.max(0, ms)));
    else this.pause(ms);
  }

  speed(factor: number): void {
    this.#replayer.setConfig({ speed: factor });
  }

  #tick(): void {
    if (!this.#isPlaying) return;
    const now = this.at;
    const next = this.#done.find((ms) => ms > now);
    if (skip.checked && next !== undefined && next - now > IDLE_MS) {
      state.textContent = `${time(next - now)} without the user skipped`;
      this.play(next - BEFORE_MS);
    } else this.#show();
  }

  #show(): void {
    const now = this.at;
    toggle.textContent = this.#isPlaying ? "Pause" : "Play";
    if (document.activeElement !== seek || this.#isPlaying) seek.value = String(now);
    seek.setAttribute("aria-valuetext", `${time(now)} of ${time(this.#length)}`);
    clock.textContent = `${time(now)} / ${time(this.#length)}`;
    parent.postMessage({ replay: "at", ms: now, isPlaying: this.#isPlaying }, "*"); // a time, which is nobody's secret
  }

  #fit(): void {
    const { offsetWidth: width, offsetHeight: height } = this.#replayer.iframe;
    if (!width || !height) return;
    const scale = Math.min(stage.clientWidth / width, stage.clientHeight / height, 1);
    const { style } = this.#replayer.wrapper;
    style.transform = `scale(${scale})`;
    style.left = `${(stage.clientWidth - width * scale) / 2}px`;
  }
}

let player: Player | undefined;
let isLoading = false;

/** @param page is the origin of who named the files, and may know what stands in them */
async function begin(files: unknown, page: string): Promise<void> {
  if (isLoading) return;
  isLoading = true;
  try {
    const events = await load(files);
    if (events.length < 2 || !events.some(({ type }) => type === FULL)) throw new Error("it has no picture of a whole page");
    player = new Player(events);
    const start = (events[0] as ReplayEvent).timestamp;
    const lines = events.filter(({ type }) => type === CUSTOM).map(({ timestamp, data }) => ({ ...data.payload, ms: timestamp - start }));
    parent.postMessage({ replay: "console", lines }, page);
    state.textContent = "";
    for (const control of [toggle, speed, skip, seek]) control.disabled = false;
  } catch (error) {
    state.textContent = `The replay cannot be shown: ${error instanceof Error ? error.message : "it is damaged"}.`;
  }
}

toggle.onclick = () => player?.toggle();
speed.onchange = () => player?.speed(Number(speed.value));
seek.oninput = () => player?.go(Number(seek.value));
addEventListener("message", ({ source, origin, data }: MessageEvent<{ replay?: string; files?: unknown; ms?: unknown }>) => {
  if (source !== parent || typeof data !== "object" || data === null) return;
  if (data.replay === "files") void begin(data.files, origin);
  if (data.replay === "go") player?.go(Number(data.ms) || 0);
});
const greeting = setInterval(() => { // whichever of the two is there first
  if (isLoading) clearInterval(greeting);
  else parent.postMessage({ replay: "ready" }, "*");
}, TICK_MS);
