// The keys that pages know, shown by "?", and whether single ones of them count.
import { element } from "./elements";

const OFF = "outrider-single-keys-off";
const KEYS: [string[], string][] = [
  [["/", "Ctrl K"], "search everything"],
  [["↑", "↓"], "choose among what was found"],
  [["Enter"], "open it"],
  [["Ctrl Enter"], "open it in a new tab"],
  [["Tab", "Shift Tab"], "go to the next or previous link, field or button"],
  [["Esc"], "close this, or the search"],
  [["?"], "show these keys"],
];
let dialog: HTMLDialogElement | undefined;

/** Whether keys count that are pressed alone, which programs that write by voice may press unasked (WCAG 2.1.4). */
export function areSingleKeysOn(): boolean {
  try {
    return localStorage.getItem(OFF) === null;
  } catch {
    return true; // a browser that keeps nothing
  }
}

/** Show the keys. */
export function showKeys(): void {
  dialog ??= made();
  if (!dialog.open) dialog.showModal();
}

function made(): HTMLDialogElement {
  const rows = KEYS.map(([keys, meaning]) => {
    const shown = keys.flatMap((key, index) => [...(index ? [" or "] : []), element("kbd", {}, key)]);
    return element("tr", {}, element("th", { scope: "row" }, ...shown), element("td", {}, meaning));
  });
  const single = element("input", { type: "checkbox" });
  single.checked = areSingleKeysOn();
  single.addEventListener("change", () => {
    if (single.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });
  const close = element("button", { type: "button" }, "Close");
  const shown = element(
    "dialog",
    { class: "keys", "aria-labelledby": "keys-title" },
    element("h2", { id: "keys-title" }, "Keys"),
    element("table", {}, element("tbody", {}, ...rows)),
    element("label", {}, single, "Keys that are pressed alone, / and ?, are on"),
    close,
  );
  close.addEventListener("click", () => shown.close());
  document.body.append(shown);
  return shown;
}
