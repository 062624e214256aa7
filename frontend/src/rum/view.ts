// One page as somebody saw it: a document, or a place of a single-page app. A beacon tells all of it again, so that the
// last one replaces those before.
import { randomHex } from "./session";

const MOST_EVENTS = 100;
const MOST_RESOURCES = 40;
const MOST_ERRORS = 20;

/** [ms since the view began, kind, text, and what the kind adds]. */
export type TimelineEvent = [number, string, string, ...(number | string)[]];

export interface PageError {
  id: string;
  t: number;
  type: string;
  message: string;
  stack: string;
  source: string;
  trace: string;
}

/** [kind, address, number, ms in all, ms of the slowest, bytes, failed]. */
type Resource = [string, string, number, number, number, number, number];

/** An address without query and fragment. */
export function bare(address: string): string {
  return address.split(/[?#]/, 1)[0] ?? "";
}

/** An address without fragment; of its query, what has one of these names. */
export function known(address: string, names: readonly string[]): string {
  const kept = new URLSearchParams([...new URL(address).searchParams].filter(([name]) => names.includes(name)));
  return bare(address) + (`${kept}` && `?${kept}`);
}

/** An address whose parts that look like identifiers are stars, but for its host. */
export function form(address: string): string {
  const [, host = "", path = ""] = /^(\w+:\/\/[^/]*)?(.*)/.exec(bare(address)) ?? [];
  return host + path.replace(/\/[^/]*(?:\d{3}|[0-9a-f]{8})[^/.]*/gi, "/*").replace(/\/\d+(?=\/|$)/g, "/*");
}

export class View {
  readonly id = randomHex(16);
  readonly url: string;
  readonly vitals: Record<string, number> = {};
  readonly causes: Record<string, string> = {};
  /** `own` are parts of the page from its own origin, and `hits` those of them that came from the cache. */
  readonly counts = { errors: 0, uncaught: 0, rage: 0, dead: 0, long: 0, longMs: 0, calls: 0, failed: 0, own: 0, hits: 0 };
  page = "";
  trace = "";
  dirty = true;
  #events: TimelineEvent[] = [];
  #resources = new Map<string, Resource>();
  #errors: PageError[] = [];
  #sequence = 0;
  #ended = 0;

  /** @param began ms since the document's time origin */
  constructor(
    readonly navigation: string,
    readonly from: string,
    readonly began: number,
    names: readonly string[],
  ) {
    this.url = known(location.href, names);
  }

  /** The ms since the view began. */
  at(now = performance.now()): number {
    return Math.round(now - this.began);
  }

  add(kind: string, text: string, ...more: (number | string)[]): void {
    this.dirty = true;
    if (this.#events.length < MOST_EVENTS) this.#events.push([this.at(), kind, text.slice(0, 200), ...more]);
  }

  addError(error: PageError): void {
    this.counts.errors += 1;
    if (error.source !== "console") this.counts.uncaught += 1;
    this.add("error", [error.type, error.message].filter(Boolean).join(": "), error.id, error.source);
    if (this.counts.errors <= MOST_ERRORS) this.#errors.push(error);
  }

  /** Note that the document itself was answered with an error: a call that nothing of the page made. */
  fail(status: number, ms: number): void {
    this.counts.failed += 1;
    this.add("call", `document ${bare(location.pathname)}`, status, ms, this.trace);
  }

  addResource(kind: string, address: string, ms: number, bytes: number, failed: boolean): void {
    const name = form(address).slice(0, 200);
    const key = `${kind} ${name}`;
    const known = this.#resources.get(key) ?? [kind, name, 0, 0, 0, 0, 0];
    if (!this.#resources.has(key) && this.#resources.size >= MOST_RESOURCES) return;
    this.#resources.set(key, known);
    known[2] += 1;
    known[3] += Math.round(ms);
    known[4] = Math.max(known[4], Math.round(ms));
    known[5] += bytes;
    known[6] += failed ? 1 : 0;
    this.dirty = true;
  }

  end(): void {
    this.#ended ||= performance.now();
  }

  /** Return what a beacon tells; errors once. */
  beacon(): object {
    this.dirty = false;
    this.#sequence += 1;
    const errors = this.#errors;
    this.#errors = [];
    const [loaded] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
    return {
      view: this.id, n: this.#sequence, url: this.url, from: this.from, page: this.page, nav: this.navigation,
      at: Math.round(performance.timeOrigin + this.began), ms: this.at(this.#ended || performance.now()),
      bytes: this.began ? undefined : loaded?.transferSize, vitals: this.vitals, causes: this.causes, counts: this.counts, trace: this.trace,
      resources: [...this.#resources.values()], events: this.#events, errors,
    };
  }
}
