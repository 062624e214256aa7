// Clicks that tell of trouble: three at one place within a second, and one on a control that changes nothing.
import type { View } from "./view";

const RAGE = 3;
const RAGE_MS = 1000;
const RAGE_PX = 30;
const DEAD_MS = 2000;
const CONTROLS = 'a[href], button, [role="button"], input[type="submit"], input[type="button"], summary';

/** Name an element by tag, id and classes, never by what it says. */
export function nameOf(element: Element): string {
  const id = element.id ? `#${element.id}` : "";
  const classes = [...element.classList].slice(0, 2).map((name) => `.${name}`).join("");
  return `${element.tagName.toLowerCase()}${id}${classes}`;
}

/** Watch clicks; `calls` counts what the page asks of servers. */
export function watchClicks(view: () => View, calls: () => number): void {
  let recent: PointerEvent[] = [];

  function isRage(event: PointerEvent): boolean {
    const isNear = (other: PointerEvent): boolean =>
      event.timeStamp - other.timeStamp < RAGE_MS &&
      Math.hypot(event.clientX - other.clientX, event.clientY - other.clientY) < RAGE_PX;
    recent = [...recent.filter(isNear), event];
    return recent.length === RAGE;
  }

  function watchEffect(control: Element): void {
    const clicked = view();
    const [callsBefore, y] = [calls(), scrollY];
    let isAlive = false;
    const changes = new MutationObserver(() => (isAlive = true));
    changes.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    const live = (): void => void (isAlive = true);
    const signs = ["input", "change", "focusin", "pagehide", "visibilitychange", "blur"];
    for (const sign of signs) addEventListener(sign, live, true);
    setTimeout(() => {
      changes.disconnect();
      for (const sign of signs) removeEventListener(sign, live, true);
      if (isAlive || calls() !== callsBefore || scrollY !== y || clicked !== view()) return;
      clicked.counts.dead += 1;
      clicked.add("dead click", nameOf(control));
    }, DEAD_MS);
  }

  addEventListener(
    "click",
    (event) => {
      const target = event.target;
      if (!(target instanceof Element) || !event.isTrusted) return;
      const control = target.closest(CONTROLS);
      view().add("click", nameOf(control ?? target));
      if (isRage(event as PointerEvent)) {
        view().counts.rage += 1;
        view().add("rage click", nameOf(control ?? target));
      }
      if (control) watchEffect(control);
    },
    true,
  );
}
