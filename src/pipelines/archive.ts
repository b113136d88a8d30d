import { RejectedError } from "../lib/errors.ts";
import type { CompiledMapping } from "../mappings/mapping.ts";
import type { Values } from "../model/catalogue.ts";
import { lastShown } from "../rules/owed.ts";
import { pick } from "../rules/unit-values.ts";
import type { Due } from "../store/deliveries.ts";
import { loadLinksOf, type StoredLink } from "../store/links.ts";
import { accountsOf, type Balance, readBalances, type UnknownBalance } from "./balances.ts";
import { type Batch, type EntitySlot, type Incoming, iso, write } from "./batch.ts";
import { decideBatch } from "./decide-batch.ts";
import type { Actor, Deps } from "./deps.ts";
import { actorSetter, inBatch, takeForEdit } from "./edit.ts";
import { keptReading } from "./kept-reading.ts";

const BY_MAX = 100;

export interface ArchiveAct {
  readonly id: string;
  readonly reason: string;
  readonly ifVersion?: number;
  readonly by: Actor;
}

/** What became of a wish to archive. Refused: the balances that are not zero, or the accounts whose balance is not known. */
export type Archived =
  | { readonly refused: null; readonly version: number }
  | { readonly refused: "balance_not_zero"; readonly balances: readonly Balance[] }
  | { readonly refused: "balance_unknown"; readonly unknown: readonly UnknownBalance[] };

/**
 * Puts a Kundeemne into the archive (S68): refused while an account of it is not at zero in every currency, as its ledger
 * says after the wish came (S71). Archived already: nothing changes. Throws RejectedError `not_found`, `gone`, `record_moved`
 * (another account was linked meanwhile), StaleError `version_moved`.
 */
export async function archive(deps: Deps, act: ArchiveAct): Promise<Archived> {
  const { requireZeroKreditor } = deps.config.archive;
  const accounts = accountsOf(await loadLinksOf(deps.db.sql, [act.id]), requireZeroKreditor);
  const { balances, unknown } = await readBalances(deps, accounts);
  const open = balances.filter(({ amount }) => amount !== "0");
  return inBatch(deps, async (batch): Promise<Archived> => {
    const slot = await takeForEdit(batch, "kundeemne", act.id, act.ifVersion);
    if (slot.entity.state.archived) return { refused: null, version: slot.entity.version };
    if (open.length > 0) return { refused: "balance_not_zero", balances: open };
    if (unknown.length > 0) return { refused: "balance_unknown", unknown };
    const now = accountsOf(batch.otherLinks.get(act.id) ?? [], requireZeroKreditor);
    if (now.some((link) => !accounts.some(({ id, externalId }) => id === link.id && externalId === link.externalId)))
      throw new RejectedError("record_moved", "An account was linked while balances were read; ask again", {
        context: { id: act.id },
      });
    turn(batch, slot, act, true);
    return { refused: null, version: slot.entity.version };
  });
}

/**
 * Takes a Kundeemne out of the archive. What its systems have shown meanwhile is decided in the same transaction, before
 * anything can be sent to them: else their edits would be overwritten by values from before.
 */
export async function unarchive(deps: Deps, act: ArchiveAct): Promise<void> {
  await inBatch(
    deps,
    async (batch) => {
      const slot = await takeForEdit(batch, "kundeemne", act.id, act.ifVersion);
      if (slot.entity.state.archived) turn(batch, slot, act, false);
    },
    (batch) => decideWaiting(deps, batch, act.id),
  );
}

/** Decides what the systems of a record have shown while its state forbade to take it; gives what is due of it. */
export async function decideWaiting(deps: Deps, batch: Batch, id: string): Promise<Due[]> {
  const due: Due[] = [];
  for (const [connection, readings] of await waitingReadings(batch, id))
    due.push(...(await decideBatch(deps, batch.tx, connection, readings)).due);
  return due;
}

function turn(batch: Batch, slot: EntitySlot, { by, reason }: ArchiveAct, archived: boolean): void {
  const fields = {
    "arkiveret.vaerdi": archived,
    "arkiveret.at": iso(batch.now),
    "arkiveret.by": by.name.slice(0, BY_MAX),
    "arkiveret.aarsag": reason,
  };
  const kind = archived ? "archived" : "unarchived";
  const cause = { by: actorSetter(by, batch.now), changeId: null, runId: null, mapping: null, kind };
  write(batch, slot, [{ unit: "arkiveret", did: "took", rule: `S68:${kind}`, write: fields }], cause);
  slot.entity = { ...slot.entity, state: { ...slot.entity.state, archived } };
}

/** What the objects of a record and its contacts last showed, where its state kept it from being taken. */
async function waitingReadings(batch: Batch, id: string): Promise<Map<string, Incoming[]>> {
  const contacts = await batch.tx.unsafe("select id from kontaktpersoner where kundeemne_id = $1::uuid", [id]);
  const links = await loadLinksOf(batch.tx, [id, ...contacts.map((row) => String(row.id))]);
  const readings = new Map<string, Incoming[]>();
  for (const link of links.filter(isWaiting)) {
    const mapping = batch.deps.mappingOf(link.connection, link.object);
    if (mapping === undefined) continue;
    const reading = { ...keptReading(link, null, batch.now), shown: waitingOf(link, mapping) };
    readings.set(link.connection, [...(readings.get(link.connection) ?? []), reading]);
  }
  return readings;
}

/**
 * The units that were shown and not decided, as they were shown. Not the object as it was last read: what we have written
 * to it since stands in base alone (rule R17).
 */
function waitingOf(link: StoredLink, mapping: CompiledMapping): Values {
  const waiting = mapping.units.filter(({ keys }) => keys.some((key) => link.seen[key] !== undefined));
  const keys = waiting.flatMap((unit) => unit.keys);
  return pick(keys, lastShown(link));
}

const isWaiting = ({ state, seen }: StoredLink): boolean =>
  (state === "linked" || state === "extra") && Object.keys(seen).length > 0;
