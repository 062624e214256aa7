// Errors of the page: thrown, rejected, and written to the console. Each becomes an event of an issue.
import { randomHex } from "./session";
import type { PageError, View } from "./view";

const MOST_MESSAGE = 1000;
const MOST_STACK = 6000;

/** Watch errors; `noted` is called with each. */
export function watchErrors(view: () => View, trace: () => string, noted: () => void): void {
  let isBusy = false;
  let last: unknown;

  function note(thrown: unknown, source: string, message = ""): void {
    if (isBusy || (thrown !== undefined && thrown === last)) return;
    isBusy = true; // an error in here is not told of
    last = typeof thrown === "object" ? thrown : undefined;
    try {
      view().addError(read(thrown, source, message));
      noted();
    } finally {
      isBusy = false;
    }
  }

  function read(thrown: unknown, source: string, message: string): PageError {
    const isError = thrown instanceof Error;
    return {
      id: randomHex(32), t: view().at(), source, trace: trace(),
      type: isError ? thrown.name : source === "console" ? "" : "Error",
      message: (isError ? thrown.message : message || String(thrown)).slice(0, MOST_MESSAGE),
      stack: isError ? (thrown.stack ?? "").slice(0, MOST_STACK) : "",
    };
  }

  addEventListener(
    "error",
    (event) => {
      const target = event.target;
      if (event instanceof ErrorEvent) note(event.error ?? undefined, "onerror", event.message);
      else if (target instanceof Element)
        view().add("failed to load", target.getAttribute("src") ?? target.getAttribute("href") ?? target.tagName);
    },
    true,
  );
  addEventListener("unhandledrejection", (event) => note(event.reason, "onunhandledrejection"));
  const write = console.error;
  console.error = function (...said: unknown[]): void {
    try {
      const error = said.find((part) => part instanceof Error);
      note(error, "console", said.filter((part) => typeof part !== "object").map(String).join(" "));
    } catch {
      // what cannot be written as text
    }
    write.apply(console, said);
  };
}
