// Keeps a page fresh: fetches it again and takes over its content, and says so when that does not succeed. Without this
// script the page is read as it was sent.
const seconds = Number(document.body.dataset["refresh"] ?? 0);

/** Whether somebody is selecting or writing something that a new content would take away. */
function isBusy(): boolean {
  const focus = document.activeElement;
  const isWriting = focus instanceof HTMLInputElement || focus instanceof HTMLSelectElement;
  return isWriting || !(getSelection()?.isCollapsed ?? true);
}

function take(fresh: Document): void {
  for (const selector of ["main", ".fresh"]) {
    const place = document.querySelector(selector);
    const content = fresh.querySelector(selector);
    if (place && content) place.replaceChildren(...content.childNodes);
  }
  document.title = fresh.title;
}

async function refresh(): Promise<void> {
  if (document.hidden || isBusy()) return;
  const focused = document.activeElement?.getAttribute("href");
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(answer.statusText);
    take(new DOMParser().parseFromString(await answer.text(), "text/html"));
    document.body.classList.remove("stale");
  } catch {
    document.body.classList.add("stale");
  }
  if (focused) document.querySelector<HTMLElement>(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

if (seconds > 0) setInterval(() => void refresh(), seconds * 1000);
document.addEventListener("visibilitychange", () => {
  if (seconds > 0 && !document.hidden) void refresh();
});
