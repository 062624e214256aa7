// Runs in every document of a journey where [telemetry] propagate_to names origins: requests of fetch and
// XMLHttpRequest to those origins name the attempt's trace, unless the page names one of its own.
((trace) => {
  const names = ["traceparent", "tracestate", "sentry-trace", "baggage"];
  const isAllowed = (url) => {
    try {
      return trace.origins.includes(new URL(url, document.baseURI).origin);
    } catch {
      return false;
    }
  };
  // Beacons of real users' script say whose view it is; a page of another origin does not learn it.
  if (trace.origins.includes(location.origin)) globalThis.outriderSynthetic = `${trace.id} ${trace.state}`;
  const headers = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(8));
    const span = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return [
      ["traceparent", `00-${trace.id}-${span}-01`],
      ["tracestate", trace.state],
      ["sentry-trace", `${trace.id}-${span}-1`],
      ["baggage", `sentry-trace_id=${trace.id},sentry-sampled=true,sentry-sample_rate=1`],
    ];
  };

  const { fetch: originalFetch } = globalThis;
  const traced = (input, init) => {
    const request = input instanceof Request ? input : null;
    const mode = init?.mode ?? request?.mode;
    if (mode === "no-cors" || !isAllowed(request ? request.url : String(input))) return init;
    const sent = new Headers(init?.headers ?? request?.headers);
    if (names.some((name) => sent.has(name))) return init;
    for (const [name, value] of headers()) sent.set(name, value);
    return { ...init, headers: sent };
  };
  globalThis.fetch = function fetch(input, init) {
    let options = init;
    try {
      options = traced(input, init);
    } catch {
      options = init; // the original says what is wrong with it
    }
    return originalFetch.call(this, input, options);
  };

  const { open, send, setRequestHeader } = XMLHttpRequest.prototype;
  const requests = new WeakMap();
  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    requests.set(this, { isOurs: isAllowed(url) });
    return open.call(this, method, url, ...rest);
  };
  XMLHttpRequest.prototype.setRequestHeader = function (name, value) {
    const request = requests.get(this);
    if (request && names.includes(String(name).toLowerCase())) request.isOurs = false;
    return setRequestHeader.call(this, name, value);
  };
  XMLHttpRequest.prototype.send = function (...body) {
    const request = requests.get(this);
    if (request?.isOurs && this.readyState === XMLHttpRequest.OPENED) {
      for (const [name, value] of headers()) setRequestHeader.call(this, name, value);
      request.isOurs = false;
    }
    return send.apply(this, body);
  };
})
