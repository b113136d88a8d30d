import type { CompiledMapping } from "../mappings/mapping.ts";
import type { Values } from "../model/catalogue.ts";
import { consentAddress } from "../rules/consent-address.ts";
import { addTombstones, anyTombstones, hitTombstones, tombstoneOf } from "../store/tombstones.ts";
import { type Batch, close, type Incoming } from "./batch.ts";
import type { Deps } from "./deps.ts";
import { placed } from "./matching.ts";

interface Read {
  readonly incoming: Incoming;
  readonly mapping: CompiledMapping;
  readonly read: { readonly claims: Values };
}

const EMAILS = ["email", "bogholderiEmail"];
const PHONES = ["telefon", "mobil", "fax"];

/** The keyed hashes by which an erased person is known again (rule R34): the remote's id, addresses, the company's number. */
export function hashesOf(seal: Deps["seal"], values: Readonly<Record<string, unknown>>): string[] {
  const of = (fields: readonly string[], channel: "email" | "phone") =>
    fields.flatMap((field) => {
      const value = values[field];
      const address = typeof value === "string" ? consentAddress(channel, value) : null;
      return address === null ? [] : [addressTombstone(seal, address)];
    });
  const cvr = typeof values.cvrNr === "string" && values.cvrNr !== "" ? [cvrTombstone(seal, values.cvrNr)] : [];
  return [...of(EMAILS, "email"), ...of(PHONES, "phone"), ...cvr];
}

export const addressTombstone = (seal: Deps["seal"], address: string): string => seal.mac(`address:${address}`);
export const cvrTombstone = (seal: Deps["seal"], cvr: string): string => seal.mac(`cvr:${cvr}`);
export const leadTombstone = (seal: Deps["seal"], kilde: string, submissionId: string): string =>
  seal.mac(`lead:${kilde}\u0000${submissionId}`);

/**
 * Leaves out strangers that show somebody who was erased, under an id that was erased or another one: nothing is made or linked of
 * them, no body of theirs is kept, and their id is known from now on. Asks nothing while nothing was ever erased.
 */
export async function leaveBuried<T extends Read>(
  batch: Batch,
  mapped: readonly T[],
  isStranger: (each: T) => boolean,
): Promise<T[]> {
  const strangers = mapped.filter(isStranger);
  if (strangers.length === 0 || !(await anyTombstones(batch.tx))) return [...mapped];
  const { seal } = batch.deps;
  const known = new Map(
    strangers.map((each) => {
      const id = tombstoneOf(seal, batch.connection, each.incoming.object, each.incoming.externalId);
      return [each, { id, all: [id, ...hashesOf(seal, placed(each.mapping, each.read.claims))] }] as const;
    }),
  );
  const hits = await hitTombstones(batch.tx, [...new Set([...known.values()].flatMap(({ all }) => all))]);
  const buried = new Set([...known].flatMap(([each, { all }]) => (all.some((hash) => hits.has(hash)) ? [each] : [])));
  if (buried.size === 0) return [...mapped];
  const changes: number[] = [];
  for (const each of buried) {
    close(batch, each.incoming, "decided", "unchanged");
    if (each.incoming.changeId !== null) changes.push(each.incoming.changeId);
  }
  await batch.tx.unsafe("update changes set body = null, hash = 'erased', reason = null where id = any($1::bigint[])", [
    changes,
  ]);
  await addTombstones(
    batch.tx,
    [...buried].map((each) => ({ hash: known.get(each)?.id ?? "", kind: "external_id", entityId: null })),
  );
  return mapped.filter((each) => !buried.has(each));
}
