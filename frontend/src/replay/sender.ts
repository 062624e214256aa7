// Parts of a recording on their way: compressed beside the main thread; what a closing page could not send waits for the
// next page of the tab.
import { KEPT, type KeptReplay } from "../rum/replay";
import { store, stored } from "../rum/session";

const QUEUE = `${KEPT}-queue`;
const MOST_QUEUE_CHARACTERS = 1_500_000;
const MOST_BEACON_CHARACTERS = 50_000;
const MOST_KEEPALIVE_BYTES = 30_000;
const MOST_PART_BYTES = 1_000_000;

interface Part {
  address: string;
  body: string;
}

export class Sender {
  readonly #sent: (bytes: number) => void;
  readonly #refused: () => void;

  /** @param sent hears the size of each part; `refused` that no more are taken */
  constructor(sent: (bytes: number) => void, refused: () => void) {
    this.#sent = sent;
    this.#refused = refused;
    const waiting = stored<Part[]>(QUEUE) ?? [];
    store(QUEUE);
    for (const part of waiting) void this.send(part);
  }

  async send(part: Part): Promise<void> {
    const packed = new Blob([part.body]).stream().pipeThrough(new CompressionStream("gzip"));
    const body = new Blob([await new Response(packed).arrayBuffer()], { type: "text/plain" });
    if (body.size > MOST_PART_BYTES) return this.#refused();
    this.#sent(body.size);
    try {
      const answer = await fetch(`${part.address}&sent=${Date.now()}`, {
        method: "POST", body, keepalive: body.size < MOST_KEEPALIVE_BYTES, credentials: "omit", mode: "cors",
      });
      if (answer.status >= 500) this.#keep(part);
      else if (!answer.ok) this.#refused();
    } catch {
      this.#keep(part);
    }
  }

  /** Send what there is without an answer: the page closes. */
  close(part: Part): void {
    this.#sent(part.body.length / 5);
    const isShort = part.body.length <= MOST_BEACON_CHARACTERS;
    if (!isShort || !navigator.sendBeacon?.(`${part.address}&sent=${Date.now()}`, part.body)) this.#keep(part);
  }

  #keep(part: Part): void {
    if (!stored<KeptReplay>(KEPT)) return; // the consent was taken back
    const parts = [...(stored<Part[]>(QUEUE) ?? []), part];
    while (parts.reduce((sum, { body }) => sum + body.length, 0) > MOST_QUEUE_CHARACTERS) parts.shift();
    store(QUEUE, parts);
  }
}
