// Runs in every document of a journey, before the page's own scripts. It watches what Chromium reports of loading,
// stability and interaction, and hands the figures to the binding when the page is about to go away or is asked for them.
((watchesMainThread) => {
  const report = globalThis.__outrider_report;
  if (typeof report !== "function" || globalThis.top !== globalThis) return;
  const send = report.bind(globalThis);
  const typed = ({ target }) => {
    if (target instanceof HTMLInputElement && target.type === "password" && target.value) send({ typed: target.value });
  };
  for (const kind of ["input", "change"]) document.addEventListener(kind, typed, true);

  const seen = { lcp: null, cls: 0, inp: null };
  const interactions = new Map();
  let burst = { value: 0, first: 0, last: 0 };

  // Layout shifts count in the largest burst: gaps under 1 s, at most 5 s long (web.dev/articles/cls).
  const shifted = (entry) => {
    if (entry.hadRecentInput) return;
    const apart = entry.startTime - burst.last > 1000 || entry.startTime - burst.first > 5000;
    burst = apart ? { value: 0, first: entry.startTime, last: entry.startTime } : burst;
    burst.value += entry.value;
    burst.last = entry.startTime;
    seen.cls = Math.max(seen.cls, burst.value);
  };
  // One interaction raises several events; the longest of them is its latency, the slowest interaction is the page's.
  const interacted = (entry) => {
    if (!entry.interactionId) return;
    interactions.set(entry.interactionId, Math.max(interactions.get(entry.interactionId) ?? 0, entry.duration));
    seen.inp = Math.max(...interactions.values());
  };
  // What kept the main thread: tasks of 50 ms and more, and the scripts and the layout of frames that took so long.
  const work = [];
  const worked = (kind, source, start, end) => { if (end > start && work.length < 300) work.push([kind, source, start, end]); };
  const framed = (frame) => {
    for (const script of frame.scripts) {
      const end = script.startTime + script.duration;
      const forced = end - script.forcedStyleAndLayoutDuration; // when within the script is not told
      worked("script", script.sourceURL, script.startTime, forced);
      worked("layout", "", forced, end);
    }
    if (frame.styleAndLayoutStart) worked("layout", "", frame.styleAndLayoutStart, frame.startTime + frame.duration);
  };
  const ofMainThread = {
    "long-animation-frame": framed,
    longtask: (entry) => worked("task", "", entry.startTime, entry.startTime + entry.duration),
  };
  const kinds = {
    ...(watchesMainThread ? ofMainThread : {}),
    "largest-contentful-paint": (entry) => { seen.lcp = entry.startTime; },
    "layout-shift": shifted,
    event: interacted,
  };
  const observers = Object.entries(kinds).flatMap(([type, take]) => {
    try {
      const observer = new PerformanceObserver((list) => list.getEntries().forEach(take));
      observer.observe({ type, buffered: true, durationThreshold: 16 });
      return [[observer, take]];
    } catch {
      return [];
    }
  });

  const flush = () => {
    for (const [observer, take] of observers) observer.takeRecords().forEach(take);
    const [navigation] = performance.getEntriesByType("navigation");
    const own = performance.getEntriesByType("resource").filter((part) => part.encodedBodySize
      && ["script", "link", "css", "img"].includes(part.initiatorType) && part.name.startsWith(location.origin));
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    send({
      url: location.href,
      origin_ms: performance.timeOrigin,
      ttfb_ms: navigation?.responseStart || null,
      dom_ms: navigation?.domContentLoadedEventEnd || null,
      load_ms: navigation?.loadEventEnd || null,
      fcp_ms: paint?.startTime ?? null,
      lcp_ms: seen.lcp,
      cls: seen.cls,
      inp_ms: seen.inp,
      address: navigation?.name ?? location.href,
      page: String(globalThis.outrider?.named ?? "").slice(0, 200),
      bytes: navigation?.transferSize ?? null,
      own: own.length,
      hits: own.filter((part) => !part.transferSize).length,
      agent: navigator.userAgent,
      width: innerWidth,
      touch: navigator.maxTouchPoints > 0,
      memory_gb: navigator.deviceMemory ?? null,
      cores: navigator.hardwareConcurrency ?? 0,
      connection: navigator.connection?.effectiveType ?? "",
      work,
    });
  };
  // Chromium calls no binding while a page is hidden for good, others may: what comes twice is the same document.
  if (location.protocol !== "about:") addEventListener("beforeunload", flush);
  addEventListener("pagehide", flush);
  addEventListener("outrider:flush", flush);
})
