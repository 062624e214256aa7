// What real users live through, told by their browsers: vitals, navigations, resources, calls, errors and clicks.
// No cookie; nothing where the browser asks not to be followed, or before a consent that is waited for.
import { documentTrace, watch, watchCalls } from "./rum/calls";
import { watchClicks } from "./rum/clicks";
import { watchErrors } from "./rum/errors";
import { Queue } from "./rum/queue";
import { Replay } from "./rum/replay";
import { forget, session } from "./rum/session";
import { isDeclined, settingsOf, type Settings } from "./rum/settings";
import { bare, View } from "./rum/view";
import { watchVitals } from "./rum/vitals";

const FIRST_MS = 10_000;
const SOON_MS = 1_000;

type Fields = Record<string, string | number>;
type Machine = Navigator & { connection?: { effectiveType?: string }; deviceMemory?: number };

class RealUser {
  readonly #settings: Settings;
  readonly #queue: Queue;
  readonly #replay: Replay;
  #view: View;
  /** The view that the document began with: its vitals are. */
  #first: View;
  #user = "";
  #timer = 0;
  #isOn = true;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#queue = new Queue(settings.endpoint);
    this.#replay = new Replay(settings);
    const [loaded] = performance.getEntriesByType("navigation") as (PerformanceNavigationTiming & { responseStatus?: number })[];
    this.#view = this.#first = new View(loaded?.type ?? "navigate", bare(document.referrer), 0, settings.query);
    this.#view.trace = documentTrace();
    const status = loaded?.responseStatus ?? 0;
    if (status >= 500) this.#view.fail(status, Math.round(loaded!.responseEnd));
    this.#watch();
  }

  allow(isAllowed: boolean): void {
    this.#isOn = isAllowed;
    if (isAllowed) return;
    forget();
    this.#replay.forget();
    this.#queue.clear();
  }

  user(name: string): void {
    this.#user = name;
    this.#view.dirty = true;
  }

  page(name: string): void {
    this.#view.page = name;
    this.#view.dirty = true;
  }

  /** The name of the page that the document began as. */
  get named(): string {
    return this.#first.page;
  }

  event(name: string, fields: Fields = {}): void {
    const said = Object.entries(fields).slice(0, 10).map(([key, value]) => `${key}=${value}`.slice(0, 200));
    this.#view.add("event", name, ...said);
  }

  replay(): void {
    if (this.#isOn) this.#replay.begin();
  }

  #watch(): void {
    const view = (): View => this.#view;
    const own = [this.#settings.api, ...this.#settings.scripts];
    const isOwn = (address: string): boolean => own.some((begin) => address.startsWith(begin));
    addEventListener("pageshow", (event) => event.persisted && this.#restored(), true); // before vitals hear of it
    watchVitals(() => this.#first);
    const calls = watchCalls(view, this.#settings.traced, isOwn);
    watchClicks(view, calls.begun);
    watchErrors(view, calls.trace, () => {
      this.#soon(SOON_MS);
      if (this.#isOn) this.#replay.noteError();
    });
    watch("longtask", ({ duration }) => {
      this.#view.counts.long += 1;
      this.#view.counts.longMs += Math.round(duration);
      this.#view.dirty = true;
    });
    this.#watchPlaces();
    document.addEventListener("visibilitychange", () => document.hidden && this.#send(true));
    addEventListener("pagehide", () => this.#send(true));
    this.#soon(FIRST_MS);
  }

  /** Watch where a single-page app goes: another path is another page, another query or fragment is not. */
  #watchPlaces(): void {
    const look = (): void => {
      if (bare(location.href) !== bare(this.#view.url)) this.#begin("app");
    };
    for (const name of ["pushState", "replaceState"] as const) {
      const plain = history[name];
      history[name] = function (...given: Parameters<History["pushState"]>): void {
        plain.apply(history, given);
        look();
      };
    }
    addEventListener("popstate", look);
  }

  #restored(): void {
    this.#begin("back-forward-cache");
    this.#first = this.#view;
  }

  #begin(navigation: string): void {
    const before = this.#view;
    before.end();
    before.dirty = true;
    this.#send(false);
    this.#view = new View(navigation, before.url, performance.now(), this.#settings.query);
    this.#soon(FIRST_MS);
  }

  #soon(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#send(false), ms);
  }

  #send(closing: boolean): void {
    const visit = session(this.#settings.sample);
    if (!this.#isOn || !visit.sampled) return;
    for (const view of new Set([this.#first, this.#view])) {
      if (!view.dirty) continue;
      const { connection, deviceMemory, hardwareConcurrency, webdriver } = navigator as Machine;
      const beacon = {
        v: 1, session: visit.id, sent: Date.now(), release: this.#settings.release, user: this.#user,
        connection: connection?.effectiveType ?? "", robot: webdriver === true, width: innerWidth,
        memory: deviceMemory, cores: hardwareConcurrency,
        touch: navigator.maxTouchPoints > 0, synthetic: window.outriderSynthetic ?? "", ...view.beacon(),
      };
      this.#queue.send(JSON.stringify(beacon), closing);
    }
  }
}

declare global {
  interface Window {
    outrider?: Outrider;
    /** What a prober of ours says of itself, signed. */
    outriderSynthetic?: string;
  }
}

interface Outrider {
  consent(isGiven: boolean): void;
  user(name: string): void;
  page(name: string): void;
  /** How a document was named, for journeys that open it. */
  readonly named?: string;
  event(name: string, fields?: Fields): void;
  replay(): void;
}

const settings = settingsOf(document.currentScript as HTMLScriptElement | null);
const isWanted = settings !== undefined && !isDeclined() && window.outrider === undefined;
let real: RealUser | undefined;

function start(): void {
  if (!settings || real || !session(settings.sample).sampled) return;
  real = new RealUser(settings);
}

if (isWanted) {
  window.outrider = {
    consent(isGiven) {
      if (isGiven) start();
      real?.allow(isGiven);
    },
    user: (name) => real?.user(name),
    page: (name) => real?.page(name),
    get named() {
      return real?.named ?? "";
    },
    event: (name, fields) => real?.event(name, fields),
    replay: () => real?.replay(),
  };
  const { prerendering } = document as Document & { prerendering?: boolean };
  if (settings.waits) {
    // until `outrider.consent(true)`
  } else if (prerendering) document.addEventListener("prerenderingchange", start, { once: true });
  else start();
} else if (window.outrider === undefined) {
  const nothing = (): void => undefined;
  window.outrider = { consent: nothing, user: nothing, page: nothing, event: nothing, replay: nothing };
}
