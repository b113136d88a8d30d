import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** Metrics of one app: its own registry, so that two apps in one process do not share counts. */
export interface Metrics {
  readonly registry: Registry;
  /** `route` is the path template, never the path. */
  observeRequest(request: { method: string; route: string; status: number; seconds: number }): void;
  received(connection: string, object: string, outcome: "kept" | "repeat" | "refused", count: number): void;
  /** Works out a set of gauges when somebody scrapes. */
  collect(name: string, help: string, labels: readonly string[], read: () => Promise<readonly Sample[]>): void;
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: "kobling_http_request_seconds",
    help: "Requests to the API by route and status.",
    labelNames: ["method", "route", "status"],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30],
    registers: [registry],
  });
  const changes = new Counter({
    name: "kobling_inbound_changes_total",
    help: "Changes received through the API by outcome.",
    labelNames: ["connection", "object", "outcome"],
    registers: [registry],
  });
  return {
    registry,
    observeRequest: ({ method, route, status, seconds }) =>
      requests.observe({ method, route, status: String(status) }, seconds),
    received: (connection, object, outcome, count) => {
      if (count > 0) changes.inc({ connection, object, outcome }, count);
    },
    collect: (name, help, labels, read) => {
      new Gauge({
        name,
        help,
        labelNames: [...labels],
        registers: [registry],
        async collect() {
          const samples = await read();
          this.reset();
          for (const sample of samples) this.set({ ...sample.labels }, sample.value);
        },
      });
    },
  };
}
