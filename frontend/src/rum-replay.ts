// Records what a page looks like, by rrweb: masked, bounded in size and time, in parts of some seconds of which every
// few begin with all of the page. Loaded by rum.js when a replay is wanted.
import { record } from "@rrweb/record";
import { watchConsole } from "./replay/console";
import { maskOf } from "./replay/mask";
import { Sender } from "./replay/sender";
import { KEPT, type KeptReplay, type Recorder, type RecorderOptions } from "./rum/replay";
import { randomHex, store, stored } from "./rum/session";

const FIRST_MS = 1_000;
const PART_MS = 5_000;
const MOST_PART_CHARACTERS = 400_000;
const SNAPSHOT_EVERY_MS = 120_000;
/** Of a session: how long is recorded, and how much is sent. */
const MOST_MS = 10 * 60_000;
const MOST_BYTES = 3_000_000;
/** What may be sent at once, and what is added to that in a minute. */
const BURST_BYTES = 400_000;
const BYTES_PER_MINUTE = 200_000;

class Recording implements Recorder {
  readonly #options: RecorderOptions;
  readonly #id = randomHex(16);
  readonly #sender: Sender;
  readonly #mask;
  #number = 0;
  #pieces: string[] = [];
  #characters = 0;
  #timer = 0;
  #began = performance.now();
  #allowed = BURST_BYTES;
  #isOver = false;
  #pause: (() => void) | undefined;
  #deaf: () => void = () => undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#mask = maskOf(options.unmask, options.block);
    if (options.console) this.#deaf = watchConsole((level, text) => this.#note(level, text));
    this.#sender = new Sender((bytes) => this.#spend(bytes), () => this.stop());
    addEventListener("pagehide", () => this.#close());
    document.addEventListener("visibilitychange", () => document.hidden && this.#flush());
    if ("requestIdleCallback" in window) requestIdleCallback(() => this.#record(), { timeout: 2_000 });
    else setTimeout(() => this.#record());
  }

  stop(): void {
    this.#isOver = true;
    this.#pause?.();
    this.#deaf();
    this.#pieces = [];
    clearTimeout(this.#timer);
  }

  #record(): void {
    if (this.#isOver || this.#kept().ms >= MOST_MS || this.#kept().bytes >= MOST_BYTES) return;
    const masked = (text: string, element: HTMLElement | null): string => this.#mask.text(text, element);
    this.#pause = record({
      emit: (event) => this.#add(event),
      checkoutEveryNms: SNAPSHOT_EVERY_MS,
      blockSelector: this.#mask.blocked,
      maskTextSelector: "*",
      maskTextFn: masked,
      maskAllInputs: true,
      maskInputFn: (text, element) => masked(text, element as HTMLElement),
      inlineStylesheet: true,
      slimDOMOptions: "all",
      sampling: { mousemove: 100, mousemoveCallback: 1_000, scroll: 200, media: 1_000 },
      errorHandler: () => true,
    });
  }

  /** Add a line of the console, if the page is recorded just now. */
  #note(level: string, text: string): void {
    if (this.#pause) record.addCustomEvent("console", { level, text });
  }

  #add(event: { type: number; data?: unknown; timestamp: number }): void {
    if (this.#isOver) return;
    if (event.type === 4) this.#flush(); // the page as a whole follows: it begins a part
    this.#mask.event(event);
    const piece = JSON.stringify(event);
    this.#pieces.push(piece);
    this.#characters += piece.length;
    if (this.#characters > MOST_PART_CHARACTERS && event.type === 3) this.#flush();
    else if (!this.#timer) this.#timer = setTimeout(() => this.#flush(), this.#number ? PART_MS : FIRST_MS);
  }

  #flush(): void {
    const part = this.#part();
    if (part) void this.#sender.send(part);
  }

  #close(): void {
    const part = this.#part();
    if (part) this.#sender.close(part);
  }

  #part(): { address: string; body: string } | undefined {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (!this.#pieces.length) return undefined;
    const body = `[${this.#pieces.join(",")}]`;
    [this.#pieces, this.#characters] = [[], 0];
    const { endpoint, session } = this.#options;
    const address = `${endpoint}&session=${session}&recording=${this.#id}&n=${this.#number}`;
    this.#number += 1;
    return { address, body };
  }

  #kept(): KeptReplay {
    return stored<KeptReplay>(KEPT) ?? { session: this.#options.session, ms: 0, bytes: 0 };
  }

  /** Count what was sent; beyond what a minute may have, recording rests until there is room again. */
  #spend(bytes: number): void {
    const kept = this.#kept();
    const now = performance.now();
    const passed = now - this.#began;
    this.#began = now;
    if (kept.session !== this.#options.session) return this.stop(); // another visit, or the consent was taken back
    store(KEPT, { ...kept, ms: kept.ms + passed, bytes: kept.bytes + bytes } satisfies KeptReplay);
    this.#allowed = Math.min(BURST_BYTES, this.#allowed + (passed / 60_000) * BYTES_PER_MINUTE) - bytes;
    if (kept.ms + passed >= MOST_MS || kept.bytes + bytes >= MOST_BYTES) this.stop();
    else if (this.#allowed < 0 && this.#pause) {
      this.#pause();
      this.#pause = undefined;
      setTimeout(() => this.#record(), ((BYTES_PER_MINUTE / 2 - this.#allowed) / BYTES_PER_MINUTE) * 60_000);
    }
  }
}

window.outriderRecorder = (options) => new Recording(options);
