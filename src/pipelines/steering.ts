import { ConnectionError, KoblingError, RejectedError } from "../lib/errors.ts";
import { setConnectionState } from "../store/connections.ts";
import { wakeQuarantined } from "../store/quarantine.ts";
import { overdueObjects } from "../store/runs-read.ts";
import type { Actor, Deps } from "./deps.ts";

/** Nothing is read, decided or sent on the connection until it is resumed; what is told meanwhile is kept. */
export async function pauseConnection(
  deps: Deps,
  { name, by, why }: { name: string; by: Actor; why?: string },
): Promise<void> {
  if (!(await setConnectionState(deps.db.sql, name, "paused", why ?? `paused by ${by.name}`))) throw notFound(name);
  deps.log.info("connection.paused", { connection: name, by: by.name });
}

/**
 * Takes up everything that waited: changes, deliveries, runs. Objects whose last reading is older than their schedule
 * are read at once; the others when they are due, as if nothing had been.
 */
export async function resumeConnection(
  deps: Deps,
  { name, by }: { name: string; by: Actor; why?: string },
): Promise<void> {
  if (deps.config.connections[name] === undefined)
    throw new RejectedError("not_found", `Connection ${name} is not in the configuration; add it there first`, {
      context: { connection: name },
    });
  if (!(await setConnectionState(deps.db.sql, name, "active", null))) throw notFound(name);
  deps.log.info("connection.resumed", { connection: name, by: by.name });
  const isAudience = deps.connection(name).side === "audience";
  for (const kind of ["run", "ingest", "deliver", ...(isAudience ? ["audience"] : [])])
    await deps.queue.due(kind, name);
  const pollMs = Object.entries(deps.connection(name).objects).map(([object, wish]) => [object, wish.pollMs] as const);
  for (const object of await overdueObjects(deps.db.sql, name, new Map(pollMs)))
    await deps.queue.due("poll", `${name}/${object}`);
}

export async function pauseAll(deps: Deps, { by, why }: { by: Actor; why?: string }): Promise<void> {
  for (const name of Object.keys(deps.config.connections))
    await pauseConnection(deps, { name, by, ...(why === undefined ? {} : { why }) });
}

const notFound = (name: string): RejectedError =>
  new RejectedError("not_found", `There is no connection named ${name}`, { context: { connection: name } });

/** What a test needs: no database and no queue, so that it can be made before there are any. */
export type TestDeps = Pick<Deps, "connection" | "connectorOf" | "clientOf" | "audienceOf" | "dropOf" | "mappingOf"> & {
  readonly limits: Pick<Deps["limits"], "call">;
};

export interface ConnectionTest {
  readonly ok: boolean;
  readonly credentials: "accepted" | "refused" | "not_asked";
  readonly capabilities: unknown;
  readonly unmapped: readonly string[];
  /** One remote object read through its mapping, field names only where a value stands: values of persons stay out. */
  readonly sample: { object: string; externalId: string; fields: Record<string, string> } | null;
  readonly faults: readonly { code: string; message: string }[];
}

/** Tries the account: credentials, what it may do, which remote fields no mapping speaks of, one record mapped. Writes nothing. */
export async function testConnection(deps: TestDeps, name: string): Promise<ConnectionTest> {
  const config = deps.connection(name);
  if (deps.connectorOf(name).mode !== "call") {
    return { ok: true, credentials: "not_asked", capabilities: null, unmapped: [], sample: null, faults: [] };
  }
  const faults: { code: string; message: string }[] = [];
  try {
    const { audience, drop } = deps.connectorOf(name);
    if (audience !== undefined || drop !== undefined) {
      await deps.limits.call(name, () =>
        drop === undefined ? deps.audienceOf(name).discover() : deps.dropOf(name).look(),
      );
      return { ok: true, credentials: "accepted", capabilities: {}, unmapped: [], sample: null, faults };
    }
    const capabilities = await deps.limits.call(name, () => deps.clientOf(name).discover());
    for (const [object, wish] of Object.entries(config.objects)) {
      const can = capabilities.objects[object];
      if (can === undefined)
        faults.push({ code: "capability_missing", message: `The account does not show the object ${object}` });
      else if ((wish.direction === "out" || wish.direction === "both") && !can.update) {
        faults.push({ code: "capability_missing", message: `Writing ${object} is not switched on at the account` });
      }
    }
    const sampled = await sample(deps, name);
    return {
      ok: faults.length === 0,
      credentials: "accepted",
      capabilities: capabilities.objects,
      unmapped: [...capabilities.unmapped, ...sampled.unmapped],
      sample: sampled.sample,
      faults,
    };
  } catch (error) {
    const code = error instanceof KoblingError ? error.code : "fault";
    faults.push({ code, message: error instanceof Error ? error.message : "Unforeseen fault" });
    return {
      ok: false,
      credentials: error instanceof ConnectionError ? "refused" : "not_asked",
      capabilities: null,
      unmapped: [],
      sample: null,
      faults,
    };
  }
}

/** The first object that the account shows, through its mapping. */
async function sample(deps: TestDeps, name: string): Promise<{ sample: ConnectionTest["sample"]; unmapped: string[] }> {
  if (deps.connectorOf(name).directory !== undefined) return { sample: null, unmapped: [] };
  for (const object of Object.keys(deps.connection(name).objects)) {
    const mapping = deps.mappingOf(name, object);
    if (mapping === undefined) continue;
    for await (const page of deps.clientOf(name).list(object, {})) {
      const first = page.objects[0];
      if (first === undefined) break;
      const mapped = new Set([
        mapping.key,
        ...(mapping.parent === undefined ? [] : [mapping.parent.remote]),
        ...mapping.units.flatMap((unit) => unit.remote),
      ]);
      const { claims } = mapping.readRemote(first.image);
      const fields = Object.fromEntries(
        Object.entries(claims).map(([field, value]) => [
          field,
          value === null ? "empty" : Array.isArray(value) ? "list" : typeof value,
        ]),
      );
      const unmapped = Object.keys(first.image)
        .filter((field) => !mapped.has(field))
        .map((field) => `${object}.${field}`);
      return { sample: { object, externalId: first.externalId, fields }, unmapped };
    }
  }
  return { sample: null, unmapped: [] };
}

/** Takes a quarantined change, or a rejected delivery's record, up again. */
export async function retryQuarantined(deps: Deps, { id, by }: { id: number; by: Actor }): Promise<void> {
  const connection = await wakeQuarantined(deps.db.sql, id);
  if (connection === undefined)
    throw new RejectedError("not_found", "There is no change in quarantine with this id", { context: { id } });
  deps.log.info("change.retried", { changeId: id, connection, by: by.name });
  await deps.queue.due("ingest", connection);
}
