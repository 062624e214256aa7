// Calls of the page: their form, status and duration, and a trace in those to its own origin. All other resources, too.
import { randomHex } from "./session";
import { form, type View } from "./view";

const MOST_CALLS = 40;
const TRACE = "traceparent";
const PARTS = ["script", "link", "css", "img"];

export interface CallWatch {
  /** How many calls began. */
  begun: () => number;
  /** The trace of the last call, or of the document. */
  trace: () => string;
}

/** Watch calls and resources, and add traces where the page's own code adds none. */
export function watchCalls(view: () => View, traced: readonly string[], isOwn: (address: string) => boolean): CallWatch {
  let begun = 0;
  let latest = "";

  function tell(method: string, address: string, status: number, began: number, trace: string): void {
    const target = view();
    target.counts.calls += 1;
    if (!status || status >= 500) target.counts.failed += 1;
    const path = form(new URL(address, location.href).href).replace(location.origin, "");
    if (target.counts.calls <= MOST_CALLS || !status || status >= 400)
      target.add("call", `${method} ${path}`, status, Math.round(performance.now() - began), trace);
  }

  function begin(address: string): string {
    begun += 1;
    if (!traced.includes(new URL(address, location.href).origin)) return "";
    return (latest = randomHex(32));
  }

  const plain = window.fetch;
  window.fetch = function (input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    let request: Request | undefined;
    let [address, trace] = ["", ""];
    try {
      address = input instanceof Request ? input.url : String(input);
      if (isOwn(address)) return plain.call(window, input, init);
      const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
      if (!headers.has(TRACE) && (trace = begin(address))) {
        headers.set(TRACE, `00-${trace}-${randomHex(16)}-01`);
        init = { ...init, headers };
      } else if (headers.has(TRACE)) {
        latest = trace = headers.get(TRACE)?.split("-")[1] ?? "";
        begun += 1;
      }
      request = input instanceof Request ? input : undefined;
    } catch {
      return plain.call(window, input, init); // the browser says what is wrong with it
    }
    const [began, method] = [performance.now(), (init?.method ?? request?.method ?? "GET").toUpperCase()];
    const answer = plain.call(window, input, init);
    answer.then(
      ({ status }) => tell(method, address, status, began, trace),
      () => tell(method, address, 0, began, trace),
    );
    return answer;
  };

  const { open, send, setRequestHeader } = XMLHttpRequest.prototype;
  const opened = new WeakMap<XMLHttpRequest, { method: string; address: string; has: boolean }>();
  XMLHttpRequest.prototype.open = function (this: XMLHttpRequest, method: string, address: string | URL, ...more: [boolean]) {
    opened.set(this, { method: String(method).toUpperCase(), address: String(address), has: false });
    open.call(this, method, address, ...more);
  } as typeof open;
  XMLHttpRequest.prototype.setRequestHeader = function (this: XMLHttpRequest, name: string, value: string) {
    const call = opened.get(this);
    if (call && name.toLowerCase() === TRACE) call.has = true;
    setRequestHeader.call(this, name, value);
  };
  XMLHttpRequest.prototype.send = function (this: XMLHttpRequest, body?: Document | XMLHttpRequestBodyInit | null) {
    const call = opened.get(this);
    try {
      if (call && !isOwn(call.address)) {
        const trace = call.has ? "" : begin(call.address);
        if (trace) setRequestHeader.call(this, TRACE, `00-${trace}-${randomHex(16)}-01`);
        const began = performance.now();
        this.addEventListener("loadend", () => tell(call.method, call.address, this.status, began, trace));
      }
    } catch {
      // an address that is none: the browser says so
    }
    send.call(this, body);
  };

  watch("resource", (entry) => {
    const resource = entry as PerformanceResourceTiming & { responseStatus?: number };
    if (isOwn(resource.name)) return;
    const isFailed = (resource.responseStatus ?? 0) >= 400;
    const { counts } = view();
    if (PARTS.includes(resource.initiatorType) && resource.encodedBodySize && resource.name.startsWith(location.origin)) {
      counts.own += 1;
      if (!resource.transferSize) counts.hits += 1;
    }
    view().addResource(resource.initiatorType, resource.name, resource.duration, resource.transferSize, isFailed);
  });
  return { begun: () => begun, trace: () => latest || documentTrace() };
}

/** Observe entries of a kind, earlier ones too; nothing where the browser does not know the kind. */
export function watch(type: string, each: (entry: PerformanceEntry) => void): void {
  try {
    new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({ type, buffered: true });
  } catch {
    // an older browser
  }
}

/** The trace that the server names for the document: `Server-Timing: traceparent;desc="00-…"`. */
export function documentTrace(): string {
  const [document] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  const named = document?.serverTiming?.find(({ name }) => name === TRACE)?.description ?? "";
  return /^00-([0-9a-f]{32})-/.exec(named)?.[1] ?? "";
}
