// Notes what the page writes to the console while it is recorded, but errors, which rum.js tells of itself.
const LEVELS = ["debug", "info", "log", "warn"] as const;
const MOST_TEXT = 500;
const MOST_LINES = 1_000;

/** Call `note` with each line; return what ends that. Values that are no texts or numbers are named, not written. */
export function watchConsole(note: (level: string, text: string) => void): () => void {
  let left = MOST_LINES;
  for (const level of LEVELS) {
    const write = console[level];
    console[level] = function (...said: unknown[]): void {
      try {
        if (left-- > 0) note(level, said.map(word).join(" ").slice(0, MOST_TEXT));
      } catch {
        // a value that cannot be read, such as a proxy that was revoked, is no harm to the page
      }
      write.apply(console, said);
    };
  }
  return () => {
    left = 0; // others may have wrapped the console since: it cannot be put back
  };
}

function word(said: unknown): string {
  if (said instanceof Error) return `${said.name}: ${said.message}`;
  return typeof said === "object" && said !== null ? "{…}" : typeof said === "function" ? "function" : String(said);
}
