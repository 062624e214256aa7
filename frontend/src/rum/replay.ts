// Loads the recorder of replays, when one is wanted: after an error, for a sample, or because the page asks for it.
import { session, store, stored } from "./session";
import type { Settings } from "./settings";

/** What is known of a session's replay, in this tab's storage. */
export interface KeptReplay {
  session: string;
  /** Of what was recorded, and bytes of what was sent. */
  ms: number;
  bytes: number;
}

export interface Recorder {
  stop(): void;
}

export interface RecorderOptions {
  /** Where parts go, with the key in its query. */
  readonly endpoint: string;
  readonly session: string;
  /** Selectors of what is shown as it is, and of what is left out. */
  readonly unmask: string;
  readonly block: string;
  /** Whether lines of the console are kept beside it. */
  readonly console: boolean;
}

interface ScriptRules {
  createScriptURL(address: string): string;
}

declare global {
  interface Window {
    /** What the recorder's script brings; gone as soon as it is taken. */
    outriderRecorder?: (options: RecorderOptions) => Recorder | undefined;
    /** What is needed of Trusted Types, which TypeScript does not know. */
    trustedTypes?: { createPolicy(name: string, rules: ScriptRules): ScriptRules };
  }
}

declare const REPLAY_VERSION: string;
declare const REPLAY_INTEGRITY: string;

export const KEPT = "outrider-replay";

export class Replay {
  readonly #settings: Settings;
  #recorder: Recorder | undefined;
  #isLoading = false;
  #isOn = true;

  constructor(settings: Settings) {
    this.#settings = settings;
    const visit = session(settings.sample);
    if (visit.isNew ? Math.random() < settings.replayShare : stored<KeptReplay>(KEPT)?.session === visit.id) this.begin();
  }

  noteError(): void {
    if (this.#settings.replaysErrors) this.begin();
  }

  begin(): void {
    if (this.#isLoading || navigator.webdriver || !("CompressionStream" in window)) return;
    this.#isLoading = true;
    const { id } = session(this.#settings.sample);
    if (stored<KeptReplay>(KEPT)?.session !== id) store(KEPT, { session: id, ms: 0, bytes: 0 } satisfies KeptReplay);
    const script = document.createElement("script");
    script.nonce = this.#settings.nonce;
    const rules = { createScriptURL: () => `${this.#settings.origin}/rum-replay-${REPLAY_VERSION}.js` };
    script.src = (window.trustedTypes?.createPolicy("outrider", rules) ?? rules).createScriptURL("");
    script.integrity = REPLAY_INTEGRITY;
    script.crossOrigin = "anonymous";
    script.onload = () => {
      const begin = window.outriderRecorder;
      delete window.outriderRecorder;
      const { api, unmask, block, key, console } = this.#settings;
      if (this.#isOn) this.#recorder = begin?.({ endpoint: `${api}replay/?sentry_key=${key}`, session: id, unmask, block, console });
    };
    document.head.append(script);
  }

  /** End for good, and forget what waits. */
  forget(): void {
    this.#isOn = false;
    this.#recorder?.stop();
    store(KEPT);
    store(`${KEPT}-queue`);
  }
}
