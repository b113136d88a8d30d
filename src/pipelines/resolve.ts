import type { Values } from "../model/catalogue.ts";
import { remoteKey } from "../store/links.ts";
import { type Batch, close, keep, type LinkSlot, newSlot } from "./batch.ts";
import { proposePrimary } from "./contacts.ts";
import type { Mapped } from "./load.ts";
import { openMatchCase } from "./match-cases.ts";
import { type Match, type MatchIndex, strangerOf } from "./matching.ts";
import { countMeeting } from "./meetings.ts";
import type { OpenLane } from "./world.ts";

export type Meant =
  | { readonly kind: "same" | "linked" | "created"; readonly id: string; readonly claims: Values }
  | { readonly kind: "nobody" }
  | { readonly kind: "closed" };

/** What is known of the object without matching: the record it was created from, or a person's word that it is new. */
export interface Said {
  readonly tied: string | undefined;
  readonly isNew: boolean;
  /** A person has looked it up to make a record of it: a match is no first meeting that needs a preview (S17). */
  readonly isWanted: boolean;
}

/** Which record a remote object stands for: its link, else a match (rules R24, R25), else a new one where allowed. */
export function resolve(
  batch: Batch,
  lane: OpenLane,
  slot: LinkSlot,
  { incoming, mapping, read }: Mapped,
  index: MatchIndex,
  parents: ReadonlyMap<string, string>,
  said: Said,
): Meant {
  const { link } = slot;
  const { claims } = read;
  const { tied, isNew, isWanted } = said;
  if (tied !== undefined && link.entityId === null) return tie(slot, tied, "linked", claims);
  if (link.entityId !== null && (link.state === "linked" || link.state === "extra"))
    return { kind: "same", id: link.entityId, claims };
  if (link.state === "gone" && link.entityId !== null) {
    // The id is back: the link lives again (rule R25).
    return tie(slot, link.entityId, "linked", claims);
  }
  if (link.entityId !== null || link.state === "unlinked" || link.state === "refused" || link.state === "disputed")
    return { kind: "nobody" };
  if (!lane.inbound) return { kind: "nobody" };
  if (mapping.as === "kontaktperson") return resolveContact(batch, lane, slot, { incoming, mapping, read }, parents);

  const refused = new Set(
    batch.blocks.flatMap((block) =>
      block.kind !== "match_case" &&
      block.connection === lane.connection &&
      block.object === lane.object &&
      (block.externalId === "" || block.externalId === link.externalId)
        ? [block.entityId]
        : [],
    ),
  );
  const stranger = strangerOf(mapping, claims, link.externalId);
  const { values } = stranger;
  const match: Match = isNew ? { kind: "none" } : index.find(stranger, refused);
  if (match.kind === "one") {
    const candidate = batch.entities.get(match.id);
    if (candidate === undefined) throw new Error(`Match ${match.id} is not in hand`);
    // A record in the archive, or one that another object of this kind stands for already, is a person's to decide.
    const busy = hasLink(batch, match.id, lane) || candidate.entity.state.archived || candidate.entity.state.restricted;
    if (!busy) {
      if (!isWanted) countMeeting(batch, lane, link.externalId);
      return tie(slot, match.id, "linked", claims);
    }
  }
  if (match.kind !== "none") {
    const found = match.kind === "one" ? [match.id] : match.ids;
    // The archived are proposed to nobody (S69); where there is nobody else, they are not made again either.
    const live = found.filter((id) => batch.entities.get(id)?.entity.state.archived !== true);
    const ids = live.length === 0 ? found : live;
    const why = live.length === 0 ? `${match.tier}:archived` : `${match.tier}:already_linked`;
    openMatchCase(batch, slot, incoming, ids, match.kind === "one" || live.length === 0 ? why : match.tier);
    keep(slot, incoming, mapping.version);
    close(batch, incoming, "decided", "held");
    return { kind: "closed" };
  }
  if (!lane.createIn && !isNew && !isWanted) return { kind: "nobody" };
  if (typeof values.firmanavn !== "string" || values.firmanavn === "") {
    close(batch, incoming, "quarantined", "quarantined", {
      code: "required",
      detail: "firmanavn is required to make a Kundeemne; the remote shows none",
      field: "firmanavn",
    });
    return { kind: "closed" };
  }
  const made = newSlot({ kind: "kundeemne", id: batch.deps.newId(), parentId: null }, batch.now);
  batch.entities.set(made.entity.id, made);
  batch.otherLinks.set(made.entity.id, []);
  batch.contacts.set(made.entity.id, []);
  return tie(slot, made.entity.id, "created", claims);
}

/** A contact belongs to exactly one emne; within it, it is known by id, then by e-mail, never by name alone (S26, S27). */
function resolveContact(
  batch: Batch,
  lane: OpenLane,
  slot: LinkSlot,
  { incoming, mapping, read }: Mapped,
  parents: ReadonlyMap<string, string>,
): Meant {
  const parentKey =
    mapping.parent === undefined ? undefined : remoteKey(mapping.parent.object, read.parentExternalId ?? "");
  const parentId = parentKey === undefined ? undefined : parents.get(parentKey);
  if (parentId === undefined) {
    const detail = "The emne that this contact belongs to is not linked yet; the change is taken up again when it is";
    close(batch, incoming, "quarantined", "quarantined", {
      code: "parent_unknown",
      detail,
      parent: read.parentExternalId ?? "",
    });
    return { kind: "closed" };
  }
  const contacts = batch.contacts.get(parentId) ?? [];
  const email = typeof read.claims.email === "string" ? read.claims.email.trim().toLowerCase() : "";
  const same =
    email === ""
      ? []
      : contacts.filter(
          (each) =>
            String(each.entity.values.email ?? "")
              .trim()
              .toLowerCase() === email && !hasLink(batch, each.entity.id, lane),
        );
  const one = same.length === 1 ? same[0] : undefined;
  if (one !== undefined) return tie(slot, one.entity.id, "linked", read.claims);
  if (!lane.createIn) return { kind: "nobody" };
  const made = newSlot({ kind: "kontaktperson", id: batch.deps.newId(), parentId }, batch.now);
  batch.entities.set(made.entity.id, made);
  batch.otherLinks.set(made.entity.id, []);
  batch.contacts.set(parentId, [...contacts, made]);
  const taken = contacts.some((each) => each.entity.values.primaer === true);
  if (!taken || read.claims.primaer !== true) return tie(slot, made.entity.id, "created", read.claims);
  // At most one primary contact: a second claim of it waits for a person, and is neither taken nor written back (S22).
  const { primaer: _, ...claims } = read.claims;
  proposePrimary(batch, slot, parentId, made.entity.id, incoming);
  return tie(slot, made.entity.id, "created", claims);
}

function tie(slot: LinkSlot, entityId: string, kind: "linked" | "created", claims: Values): Meant {
  slot.link = { ...slot.link, entityId, state: "linked" };
  slot.dirty = true;
  return { kind, id: entityId, claims };
}

const hasLink = (batch: Batch, entityId: string, lane: OpenLane): boolean => {
  const isLive = (link: { state: string; connection: string; object: string }): boolean =>
    (link.state === "linked" || link.state === "extra") &&
    link.connection === lane.connection &&
    link.object === lane.object;
  if ((batch.otherLinks.get(entityId) ?? []).some(isLive)) return true;
  for (const slot of batch.links.values()) if (slot.link.entityId === entityId && isLive(slot.link)) return true;
  return false;
};
