// What the page's own tag says: <script src=".../rum.js" data-dsn="https://KEY@HOST/PROJECT" data-release="1.4" defer>.

export interface Settings {
  readonly origin: string;
  /** What all addresses to send to begin with. */
  readonly api: string;
  /** What the addresses of these scripts begin with. */
  readonly scripts: readonly string[];
  readonly key: string;
  /** Where beacons go, with the key in its query: a body of text/plain needs no preflight. */
  readonly endpoint: string;
  readonly release: string;
  /** Share of sessions that are told of, 0 to 1. */
  readonly sample: number;
  /** Whether nothing is read, kept or sent before `outrider.consent(true)`. */
  readonly waits: boolean;
  /** Origins beside the page's own whose calls get a trace. */
  readonly traced: readonly string[];
  /** Share of sessions whose replay is kept, and whether an error begins one: `data-replay="error 0.05"`. */
  readonly replayShare: number;
  readonly replaysErrors: boolean;
  /** Names of parameters that stay in the address of a page. */
  readonly query: readonly string[];
  /** Selectors of what a replay shows as it is, and of what it leaves out. */
  readonly unmask: string;
  readonly block: string;
  /** Whether a replay keeps lines of the console. */
  readonly console: boolean;
  /** By which a policy of the page's allows scripts. */
  readonly nonce: string;
}

/** Read the tag; nothing without an address to send to. */
export function settingsOf(tag: HTMLScriptElement | null): Settings | undefined {
  const said = tag?.dataset ?? {};
  try {
    const address = new URL(said["dsn"] ?? "");
    const key = encodeURIComponent(address.username);
    const share = Number(said["sample"] ?? 1);
    const api = `${address.origin}/api${address.pathname}/`;
    const replay = (said["replay"] ?? "").split(/\s+/);
    return {
      origin: address.origin,
      api,
      scripts: [tag?.src || "-", `${address.origin}/rum-replay-`],
      key,
      endpoint: `${api}rum/?sentry_key=${key}`,
      release: said["release"] ?? "",
      sample: share >= 0 && share <= 1 ? share : 1,
      waits: said["consent"] === "wait",
      traced: [location.origin, ...(said["trace"] ?? "").split(/[\s,]+/).filter(Boolean)],
      replayShare: Number(replay.find(Number) ?? 0),
      replaysErrors: replay.includes("error"),
      query: (said["query"] ?? "").split(/\s+/),
      unmask: said["unmask"] ?? "",
      block: said["block"] ?? "",
      console: said["console"] !== "off",
      nonce: tag?.nonce ?? "",
    };
  } catch {
    return undefined;
  }
}

/** Whether the browser asks not to be followed: Do Not Track, Global Privacy Control. */
export function isDeclined(): boolean {
  const asked = navigator as Navigator & { globalPrivacyControl?: boolean };
  return asked.globalPrivacyControl === true || asked.doNotTrack === "1";
}
