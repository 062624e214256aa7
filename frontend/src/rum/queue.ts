// What is sent while a page closes goes by sendBeacon; what could not be sent waits for the next page of this tab.
import { store, stored } from "./session";

const NAME = "outrider-queue";
const MOST = 10;
const MOST_CHARACTERS = 60_000;

export class Queue {
  readonly #endpoint: string;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
    addEventListener("online", () => this.resend());
    this.resend();
  }

  /** Send a beacon; while the page closes, without an answer. */
  send(body: string, closing: boolean): void {
    if (body.length > MOST_CHARACTERS) return;
    if (closing) {
      if (!navigator.sendBeacon?.(this.#endpoint, body)) this.#keep(body);
      return;
    }
    fetch(this.#endpoint, { method: "POST", body, keepalive: true, credentials: "omit", mode: "cors" }).then(
      (answer) => {
        if (answer.status === 429 || answer.status >= 500) this.#keep(body);
      },
      () => this.#keep(body),
    );
  }

  /** Send what waits. */
  resend(): void {
    const bodies = stored<string[]>(NAME) ?? [];
    store(NAME);
    for (const body of bodies) this.send(body, false);
  }

  clear(): void {
    store(NAME);
  }

  #keep(body: string): void {
    const bodies = [...(stored<string[]>(NAME) ?? []), body].slice(-MOST);
    while (bodies.join("").length > MOST_CHARACTERS) bodies.shift();
    store(NAME, bodies);
  }
}
