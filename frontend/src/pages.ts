// Keeps a page fresh: fetches it again when what it shows changes, takes over its content, and says so when that does not
// succeed. Without this script the page is read as it was sent.
import { listen } from "./live";
import { listenForKeys } from "./palette";
import { followReplay } from "./replay";
import { watch } from "./tail";

const seconds = Number(document.body.dataset["refresh"] ?? 0);
const topic = document.body.dataset["live"] ?? "";

/** Whether somebody is selecting or writing something that a new content would take away. */
function isBusy(): boolean {
  const focus = document.activeElement;
  const isWriting =
    focus instanceof HTMLInputElement || focus instanceof HTMLSelectElement || focus instanceof HTMLTextAreaElement;
  const fields = document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("main input, main textarea");
  const isWritten = [...fields].some((field) => field.value !== field.defaultValue);
  return isWriting || isWritten || !(getSelection()?.isCollapsed ?? true);
}

const CONTROLS = "a[href], button, input, select, textarea, summary, [tabindex]";

/** What tells a control from the others of its page, also when it was made anew. */
function sign(control: Element): string {
  return [control.tagName, control.getAttribute("href") ?? control.getAttribute("name") ?? control.textContent].join(" ");
}

/** Find the control of a place that has the focus among those that replace it: the same one, or what stands there now. */
function finderOfFocus(place: Element): () => HTMLElement | undefined {
  const before = [...place.querySelectorAll(CONTROLS)];
  const index = before.findIndex((control) => control === document.activeElement);
  const focused = before[index];
  if (!focused) return () => undefined;
  const alike = (controls: Element[]): Element[] => controls.filter((control) => sign(control) === sign(focused));
  const nth = alike(before).indexOf(focused);
  return () => {
    const controls = [...place.querySelectorAll(CONTROLS)];
    return (alike(controls)[nth] ?? controls[index]) as HTMLElement | undefined;
  };
}

/** Details by what tells them apart wherever they have moved to: the key of their record, and which of it they are. */
function detailsOf(place: Element): Map<string, HTMLDetailsElement> {
  const named = new Map<string, HTMLDetailsElement>();
  for (const part of place.querySelectorAll("details")) {
    const key = part.closest<HTMLElement>("[data-key]")?.dataset.key ?? "";
    let nth = 0;
    while (named.has(`${nth} ${key}`)) nth += 1;
    named.set(`${nth} ${key}`, part);
  }
  return named;
}

function take(fresh: Document): void {
  for (const selector of ["main", ".fresh"]) {
    const place = document.querySelector(selector);
    const content = fresh.querySelector(selector);
    const said = place?.querySelector(".done"); // what a form was answered with stays to be read
    if (said) content?.prepend(said.cloneNode(true));
    if (!place || !content || place.innerHTML === content.innerHTML) continue;
    const before = detailsOf(place);
    const focused = finderOfFocus(place);
    place.replaceChildren(...content.childNodes);
    detailsOf(place).forEach((part, name) => (part.open ||= before.get(name)?.open ?? false));
    focused()?.focus({ preventScroll: true });
  }
  document.title = fresh.title;
}

let isFetching = false;
let isWanted = false;

/** Fetch the page again; asked for meanwhile, or while somebody is busy, it is fetched once more after that. */
async function refresh(): Promise<void> {
  isWanted = true;
  if (isFetching || document.hidden || isBusy()) return;
  isFetching = true;
  try {
    while (isWanted) {
      isWanted = false;
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.redirected && new URL(answer.url).pathname.endsWith("/sign-in")) location.reload(); // the session ended
      if (!answer.ok) throw new Error(answer.statusText);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (isBusy()) {
        isWanted = true;
        break;
      }
      take(fresh);
    }
    document.body.classList.remove("stale");
  } catch {
    document.body.classList.add("stale");
  } finally {
    isFetching = false;
  }
}

if (seconds > 0) setInterval(() => void refresh(), seconds * 1000);
if (topic) listen(topic, () => void refresh());
for (const event of ["visibilitychange", "focusout", "selectionchange"]) {
  document.addEventListener(event, () => {
    if (isWanted || (event === "visibilitychange" && topic)) void refresh();
  });
}

const search = document.querySelector<HTMLAnchorElement>("a.find");
if (search) listenForKeys(search);

const list = document.querySelector<HTMLElement>("[data-tail]");
const state = document.getElementById("tail-state");
if (list && state) watch(list, state);

const replay = document.querySelector<HTMLIFrameElement>("iframe[data-files]");
if (replay) followReplay(replay);

if (location.search.includes("done=")) {
  const address = new URL(location.href);
  address.searchParams.delete("done"); // said once, and not again when the page is fetched
  history.replaceState(null, "", address);
}
