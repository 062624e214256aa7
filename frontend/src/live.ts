// Hears what changes on the server: one stream for all tabs of a browser, which hand on what they hear.

interface Change {
  everything?: boolean;
  checks?: string[];
  others?: boolean;
  loads?: string[];
}

const EVERYTHING = "*";
const ALERTS = "!";
const LOAD = "load "; // before the id of a check whose load is under way
const NAME = "outrider-live";
const address = new URL("../live", (document.currentScript as HTMLScriptElement).src);

function concerns(topic: string, change: Change): boolean {
  const checks = change.checks ?? [];
  if (topic.startsWith(LOAD)) {
    const check = topic.slice(LOAD.length);
    return Boolean(change.everything) || checks.includes(check) || (change.loads ?? []).includes(check);
  }
  if (change.everything || change.others) return true;
  if (topic === EVERYTHING) return checks.length > 0;
  return topic !== ALERTS && checks.includes(topic);
}

/** Call `changed` when something changes that a page shows, and whenever the stream begins or ends. */
export function listen(topic: string, changed: () => void): void {
  const others = new BroadcastChannel(`${NAME} ${address.pathname}`);
  const hear = (change: Change): void => {
    if (concerns(topic, change)) changed();
  };
  others.addEventListener("message", (event: MessageEvent<Change>) => hear(event.data));
  changed(); // something may have changed since the page was made
  const open = (): void => {
    const stream = new EventSource(address);
    const tell = (change: Change): void => {
      others.postMessage(change);
      hear(change);
    };
    stream.addEventListener("change", (event) => tell(JSON.parse(event.data as string) as Change));
    for (const event of ["open", "error"]) {
      stream.addEventListener(event, () => tell({ everything: true })); // a page that cannot be fetched either says so
    }
  };
  if ("locks" in navigator) {
    void navigator.locks.request(`${NAME} ${address.pathname}`, () => {
      open();
      return new Promise(() => undefined); // until this tab is closed, when the next one opens its own
    });
  } else open();
}
