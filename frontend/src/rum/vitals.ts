// Vitals of a document, each with what it is made of; they belong to the view that the document began with.
import { onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals";
import { nameOf } from "./clicks";
import { bare, type View } from "./view";

type Causes = Record<string, string | number | undefined>;

/** Watch vitals, and note them on the view that the document has at that time. */
export function watchVitals(view: () => View): void {
  function note(name: string, value: number, causes: Causes): void {
    const target = view();
    target.vitals[name] = Math.round(value * 1000) / 1000;
    for (const [part, cause] of Object.entries(causes))
      if (cause) target.causes[`${name}.${part}`] = typeof cause === "number" ? `${Math.round(cause)}` : cause.slice(0, 200);
    target.dirty = true;
  }
  onLCP(({ value, entries }) => note("lcp", value, lcpCauses(value, entries.at(-1))), { reportAllChanges: true });
  onCLS(({ value, entries }) => note("cls", value, { element: largestShift(entries) }), { reportAllChanges: true });
  onINP(({ value, entries }) => note("inp", value, inpCauses(value, entries)));
  onFCP(({ value }) => note("fcp", value, {}));
  onTTFB(({ value }) => {
    const loaded = navigation();
    if (!loaded) return note("ttfb", value, {});
    const { domainLookupStart, domainLookupEnd, connectStart, connectEnd, requestStart, responseStart } = loaded;
    note("ttfb", value, {
      wait: domainLookupStart, dns: domainLookupEnd - domainLookupStart, connect: connectEnd - connectStart,
      request: responseStart - requestStart,
    });
  });
}

function navigation(): PerformanceNavigationTiming | undefined {
  return performance.getEntriesByType("navigation")[0] as PerformanceNavigationTiming | undefined;
}

function named(node: Node | null | undefined): string | undefined {
  return node instanceof Element ? nameOf(node) : node?.parentElement ? nameOf(node.parentElement) : undefined;
}

/** Until the first byte, until its resource is asked for, while that loads, and until it is painted. */
function lcpCauses(value: number, entry?: LargestContentfulPaint): Causes {
  if (!entry) return {};
  const url = entry.url && bare(entry.url);
  const [resource] = (entry.url ? performance.getEntriesByName(entry.url) : []) as PerformanceResourceTiming[];
  const first = navigation()?.responseStart ?? 0;
  const asked = Math.max(first, resource ? resource.requestStart || resource.startTime : 0);
  const loaded = Math.min(value, Math.max(asked, resource?.responseEnd ?? 0));
  return {
    element: named(entry.element), url, ttfb: first, delay: asked - first, load: loaded - asked, render: value - loaded,
  };
}

function largestShift(entries: LayoutShift[]): string | undefined {
  const largest = entries.reduce<LayoutShift | undefined>((a, b) => (a && a.value >= b.value ? a : b), undefined);
  return named(largest?.sources?.[0]?.node);
}

/** Until handlers began, while they ran, and until the next picture. */
function inpCauses(value: number, entries: PerformanceEventTiming[]): Causes {
  const first = entries[0];
  if (!first) return {};
  const ended = Math.max(...entries.map(({ processingEnd }) => processingEnd));
  return {
    element: named(entries.find(({ target }) => target)?.target), event: first.name,
    delay: first.processingStart - first.startTime, work: ended - first.processingStart,
    paint: Math.max(0, first.startTime + value - ended),
  };
}
