import { z } from "zod";
import { type KoblingConfig, resolveConfig } from "../src/config/resolved.ts";
import { configSchema } from "../src/config/schema.ts";
import { type ConnectorDefinition, defineConnector } from "../src/connectors/connector.ts";
import { connectors as shipped } from "../src/connectors/index.ts";
import { compileMapping } from "../src/mappings/compile.ts";
import type { CompiledMapping } from "../src/mappings/mapping.ts";
import { mappingOf, objectOf } from "./remotes/columns.ts";
import { QUIET_MS, REMOTES, SHOWS_AFTER_MS } from "./remotes/remotes.ts";
import type { RemoteName, Scene, Wish } from "./steps.ts";

const called = (name: RemoteName, lock: "none" | "version" | "etag", more: Partial<ConnectorDefinition> = {}) =>
  defineConnector({
    name: `sim-${name}`,
    confidence: "own",
    settings: z.strictObject({}),
    lock,
    idempotencyKey: false,
    quietMs: QUIET_MS,
    showsAfterMs: 0,
    mode: "call",
    delta: false,
    mappings: { [objectOf[name]]: mappingOf(name) },
    ...more,
  });

/** The kinds of systems of a history; `api` is the shipped one. */
export const connectors: Readonly<Record<string, ConnectorDefinition>> = Object.fromEntries(
  [
    called("crm", "etag", { statesTimes: true, idempotencyKey: true }),
    called("a", "version", { showsAfterMs: SHOWS_AFTER_MS }),
    called("b", "none"),
    called("dir", "none"),
    ...shipped.filter((each) => each.name === "api"),
  ].map((each) => [each.name, each]),
);

/** Mappings by `connection/object`; connections are named as the remotes. */
export const compiledMappings: ReadonlyMap<string, CompiledMapping> = new Map(
  REMOTES.map((name) => {
    const result = compileMapping(mappingOf(name));
    if ("faults" in result) throw new Error(result.faults.join("; "));
    return [`${name}/${objectOf[name]}`, result.mapping];
  }),
);

const sides = { crm: "crm", a: "ledger", b: "ledger", dir: "directory", erp: "ledger" } as const;

/** The configuration of a scene with the switches as they stand. */
export function configOf(scene: Scene, wishes: Readonly<Record<RemoteName, Wish>>): KoblingConfig {
  const connections = Object.fromEntries(
    REMOTES.map((name) => [
      name,
      {
        connector: name === "erp" ? "api" : `sim-${name}`,
        side: sides[name],
        // Only a story reads the directory by refreshing; its virtual time is short.
        ...(name === "dir" ? { refresh: { after: "1h" } } : {}),
        objects: {
          [objectOf[name]]: {
            direction: wishes[name],
            firstMeeting: scene.firstMeeting[name],
            create: name === "dir" ? "none" : scene.createOut[name] ? "both" : "in",
            onRemoteEdit: name === "a" ? scene.onRemoteEdit : "leave",
            side: sides[name],
          },
        },
      },
    ]),
  );
  const wide = { max: 100_000, percent: 100 };
  const read = configSchema.parse({
    connections,
    survivorship: scene.survivorship,
    guards: { deletes: wide, clears: wide, overwrites: wide, creates: wide },
  });
  return resolveConfig(read, connectors);
}

export const startingWishes: Readonly<Record<RemoteName, Wish>> = {
  crm: "both",
  a: "both",
  b: "both",
  dir: "in",
  erp: "both",
};
