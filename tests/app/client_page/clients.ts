import { getWebInstrumentations, initializeFaro } from "@grafana/faro-web-sdk";
import { TracingInstrumentation } from "@grafana/faro-web-tracing";
import { context, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { FetchInstrumentation } from "@opentelemetry/instrumentation-fetch";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { SimpleSpanProcessor, WebTracerProvider } from "@opentelemetry/sdk-trace-web";
import * as Sentry from "@sentry/browser";
import { onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals/attribution";

type Work = () => Promise<unknown>;
interface Client {
  run(work: Work): Promise<unknown>;
  flush(): unknown;
}
const plain = (flush: () => unknown = () => undefined): Client => ({ run: (work) => work(), flush });

/** Set up as the documentation of each client says. */
export const clients: Record<string, (server: string, key: string) => Client> = {
  sentry(server, key) {
    Sentry.init({
      dsn: `${server.replace("://", `://${key}@`)}/1`,
      release: "1.4.0",
      environment: "live",
      tracesSampleRate: 1,
      enableLogs: true,
      integrations: [Sentry.browserTracingIntegration(), Sentry.replayIntegration({ unmask: ["h1"] })],
      replaysOnErrorSampleRate: 1,
    });
    Sentry.setUser({ id: "17", email: "ada@example.org" });
    Sentry.logger.warn("cart is old", { age: 17 });
    setTimeout(() => console.warn("cart is old"), 500); // when its replay has begun
    return plain(() => Sentry.flush());
  },
  faro(server, key) {
    initializeFaro({
      url: `${server}/api/1/faro`,
      apiKey: key,
      app: { name: "shop", version: "1.4.0" },
      instrumentations: [...getWebInstrumentations(), new TracingInstrumentation()],
    });
    return plain(() => new Promise((done) => setTimeout(done, 1200))); // it sends spans once a second
  },
  opentelemetry(server, key) {
    const provider = new WebTracerProvider({
      resource: resourceFromAttributes({ "service.name": "shop-web", "service.version": "1.4.0" }),
      spanProcessors: [
        new SimpleSpanProcessor(new OTLPTraceExporter({ url: `${server}/api/1/otlp/v1/traces?sentry_key=${key}` })),
      ],
    });
    provider.register();
    registerInstrumentations({ instrumentations: [new FetchInstrumentation()] });
    const run = (work: Work) => {
      const span = trace.getTracer("shop").startSpan("pay");
      return context.with(trace.setSpan(context.active(), span), work).catch((error: Error) => {
        span.recordException(error);
        span.setStatus({ code: SpanStatusCode.ERROR });
      }).finally(() => span.end());
    };
    return { run, flush: () => provider.forceFlush() };
  },
  "web-vitals"(server, key) {
    const send = (metric: object) => navigator.sendBeacon(`${server}/api/1/vitals?sentry_key=${key}`, JSON.stringify(metric));
    for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) on(send);
    return plain();
  },
};
