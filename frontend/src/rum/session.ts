// One visit: an id in sessionStorage, never in a cookie. Where the page may not store, each document is a visit.

const NAME = "outrider-session";
const IDLE_MS = 30 * 60_000;
const LONGEST_MS = 12 * 3_600_000;

interface Kept {
  id: string;
  began: number;
  seen: number;
  sampled: boolean;
  /** Whether it began with this document. */
  isNew?: boolean;
}

/** Return so many random hexadecimal digits. */
export function randomHex(digits: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(digits / 2));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Read a value of this tab's storage; undefined where there is none or none may be read. */
export function stored<T>(name: string): T | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(name) ?? "") as T;
  } catch {
    return undefined;
  }
}

/** Keep a value in this tab's storage, or remove it, as far as that is allowed. */
export function store(name: string, value?: unknown): void {
  try {
    if (value === undefined) sessionStorage.removeItem(name);
    else sessionStorage.setItem(name, JSON.stringify(value));
  } catch {
    // a page without storage, or a full one
  }
}

let current: Kept | undefined;

/** Return the visit that goes on, or a new one; whether it is told of is decided once. Its id begins with the time. */
export function session(share: number): Kept {
  const now = Date.now();
  current ??= stored<Kept>(NAME);
  if (!current?.id || now - current.seen > IDLE_MS || now - current.began > LONGEST_MS) {
    const id = now.toString(16).padStart(12, "0") + randomHex(20);
    current = { id, began: now, seen: now, sampled: Math.random() < share, isNew: true };
  }
  current.seen = now;
  store(NAME, { ...current, isNew: undefined });
  return current;
}

/** Forget the visit, as who takes back a consent asks for. */
export function forget(): void {
  current = undefined;
  store(NAME);
}
