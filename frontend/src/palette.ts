// The search that "/" or Ctrl-K opens: a combobox with a list below it (https://www.w3.org/WAI/ARIA/apg/patterns/combobox/).
// Its link leads to the same search as a page.
import { element } from "./elements";
import { areSingleKeysOn, showKeys } from "./keys";

interface Hit {
  kind: string;
  title: string;
  detail: string;
  state: string;
  needs_attention: boolean;
  path: string;
}
interface Answer {
  items: Hit[];
  is_complete: boolean;
}

const WAIT_MS = 120;
const LIMIT = 20;

class Palette {
  private readonly input = element("input", {
    type: "text",
    role: "combobox",
    "aria-controls": "palette-hits",
    "aria-expanded": "false",
    "aria-autocomplete": "list",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    maxlength: "200",
  });
  private readonly list = element("ul", { id: "palette-hits", role: "listbox", "aria-label": "Results" });
  private readonly status = element("span", { role: "status" });
  private readonly dialog: HTMLDialogElement;
  private hits: Hit[] = [];
  private chosen = -1;
  private isPending = false; // the hits that are listed are of another text; those of this one are on their way
  private isOpening: KeyboardEvent | undefined; // Enter was pressed before they came
  private timer = 0;
  private asked = new AbortController();

  constructor(private readonly page: string) {
    const keys = element("button", { type: "button" }, "Keys");
    this.dialog = element(
      "dialog",
      { class: "palette", "aria-label": "Search" },
      element("label", {}, "check, run, incident, release or page", this.input),
      this.list,
      element("footer", {}, this.status, keys),
    );
    keys.addEventListener("click", () => {
      this.dialog.close();
      showKeys();
    });
    this.input.addEventListener("input", () => this.search(WAIT_MS));
    this.input.addEventListener("keydown", (event) => this.press(event));
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close(); // beside it
    });
    this.dialog.addEventListener("close", () => {
      this.stop();
      this.input.blur(); // where nothing was focused before, it would go on to take keys
    });
    document.body.append(this.dialog);
  }

  open(): void {
    if (!this.dialog.open) this.dialog.showModal();
    this.input.focus();
    this.input.select();
    this.search(0);
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.asked.abort();
    this.isOpening = undefined;
  }

  private search(delayMs: number): void {
    this.stop();
    this.isPending = true;
    this.choose(-1);
    this.timer = window.setTimeout(() => void this.ask(this.input.value), delayMs);
  }

  private async ask(text: string): Promise<void> {
    const asked = (this.asked = new AbortController());
    const address = new URL("api/v1/search", this.page);
    address.search = new URLSearchParams({ q: text, limit: String(LIMIT) }).toString();
    try {
      const answer = await fetch(address, { signal: asked.signal });
      if (answer.status === 401) location.assign(this.searchPage(text)); // the session has ended: sign in, and go on
      if (!answer.ok) throw new Error(answer.statusText);
      this.show((await answer.json()) as Answer);
    } catch {
      if (asked.signal.aborted) return;
      this.hits = [];
      this.list.replaceChildren();
      this.say("The server does not answer. Enter tries again on a page of its own.");
    }
    this.isPending = false;
    if (this.isOpening) this.go(this.isOpening);
  }

  private show(answer: Answer): void {
    this.hits = answer.items;
    this.list.replaceChildren(...this.hits.map((hit, index) => this.option(hit, index)));
    this.list.scrollTop = 0;
    this.choose(this.hits.length ? 0 : -1);
    const count = this.hits.length;
    if (!count) this.say("Nothing fits every word.");
    else this.say(answer.is_complete ? `${count} result${count > 1 ? "s" : ""}` : `the best ${count}: write more`);
  }

  private say(text: string): void {
    this.status.textContent = text;
    this.input.setAttribute("aria-expanded", String(this.hits.length > 0));
  }

  private option(hit: Hit, index: number): HTMLLIElement {
    const name = element("span", {}, element("bdi", { class: "clip" }, hit.title));
    if (hit.detail) name.append(" ", element("small", {}, element("bdi", {}, hit.detail)));
    const kind = element("small", { class: "kind" }, hit.kind);
    const option = element("li", { id: `palette-hit-${index}`, role: "option", "aria-selected": "false" }, kind, name);
    if (hit.state) option.append(element("span", { class: `badge ${hit.needs_attention ? "bad" : "gap"}` }, hit.state));
    option.addEventListener("click", (event) => {
      this.isPending = false;
      this.choose(index);
      this.go(event);
    });
    return option;
  }

  private choose(index: number): void {
    this.chosen = index;
    [...this.list.children].forEach((option, place) => option.setAttribute("aria-selected", String(place === index)));
    const option = this.list.children[index];
    if (option) {
      this.input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else this.input.removeAttribute("aria-activedescendant");
  }

  private press(event: KeyboardEvent): void {
    if (event.isComposing) return;
    const count = this.isPending ? 0 : this.hits.length;
    if (event.key === "ArrowDown" && count) this.choose((this.chosen + 1) % count);
    else if (event.key === "ArrowUp" && count) this.choose((this.chosen - 1 + count) % count);
    else if (event.key === "Enter" && this.isPending) this.isOpening = event;
    else if (event.key === "Enter") this.go(event);
    else return;
    event.preventDefault();
  }

  /** Open what is chosen, or the page of the search where nothing is. */
  private go(event: MouseEvent | KeyboardEvent): void {
    const hit = this.isPending ? undefined : this.hits[this.chosen];
    const address = hit ? new URL(`.${hit.path}`, this.page) : this.searchPage(this.input.value);
    if (event.ctrlKey || event.metaKey) window.open(address, "_blank", "noopener");
    else location.assign(address);
    this.dialog.close();
  }

  private searchPage(text: string): URL {
    const address = new URL(this.page);
    address.searchParams.set("q", text);
    return address;
  }
}

function isWriting(event: KeyboardEvent): boolean {
  const target = event.target;
  if (target instanceof Element && target.closest("dialog:not([open])")) return false; // it was closed just now
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit"].includes(target.type);
  return target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}

/** Let keys and the link open the search. */
export function listenForKeys(link: HTMLAnchorElement): void {
  let palette: Palette | undefined;
  const open = (event: Event): void => {
    event.preventDefault();
    (palette ??= new Palette(link.href)).open();
  };
  link.append(" ", element("kbd", { "aria-hidden": "true" }, "/"));
  link.setAttribute("aria-keyshortcuts", "/ Control+K");
  link.addEventListener("click", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey) open(event);
  });
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey) return;
    const isHeld = event.ctrlKey || event.metaKey;
    if (isHeld && !event.shiftKey && event.key.toLowerCase() === "k") open(event);
    if (isHeld || isWriting(event) || !areSingleKeysOn() || document.querySelector("dialog[open]")) return;
    if (event.key === "/") open(event);
    if (event.key === "?") showKeys();
  });
}
