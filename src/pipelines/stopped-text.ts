import type { GuardKind, Tally, Trip } from "../rules/guards.ts";
import type { GuardKey } from "../store/guards.ts";
import type { WouldHave } from "./would-have.ts";

export interface StoppedText {
  readonly da: string;
  readonly en: string;
}

const done: Record<GuardKind, StoppedText> = {
  deletes: { da: "slettet", en: "deleted" },
  clears: { da: "tømt for felter", en: "emptied of fields" },
  overwrites: { da: "overskrevet", en: "overwritten" },
  creates: { da: "oprettet", en: "created" },
};

/** Why a lane was stopped and what waits behind it, as a person reads it; counts only. */
export function stoppedText(
  { connection, object, direction }: GuardKey,
  { trip }: { readonly trip?: Trip | undefined },
  would: WouldHave,
): StoppedText {
  const da = [
    trip === undefined
      ? `Resten af det, der blev standset for ${connection} ${object}, venter på en beslutning.`
      : `${connection} ${object} blev standset: ${trip.would} objekter ville være ${done[trip.kind].da} ${
          direction === "in" ? "hos os" : "i det andet system"
        } ${trip.scope === "hour" ? "inden for en time" : "i én kørsel"}, og ${trip.limit} slipper igennem.`,
    `Det, der venter, ville slette ${would.counts.deletes}, tømme felter på ${would.counts.clears}, overskrive ${would.counts.overwrites} og oprette ${would.counts.creates}${would.more ? "; mere venter, som ikke er talt" : ""}.`,
    "Godkend, eller afvis; begge dele kan gøres for en del.",
  ];
  const en = [
    trip === undefined
      ? `The rest of what was stopped for ${connection} ${object} waits for a decision.`
      : `${connection} ${object} was stopped: ${trip.would} objects would have been ${done[trip.kind].en} ${
          direction === "in" ? "here" : "at the other system"
        } ${trip.scope === "hour" ? "within an hour" : "in one run"}, and ${trip.limit} are let through.`,
    `What waits ${effects(would.counts)}${would.more ? "; more waits that was not counted" : ""}.`,
    "Approve it or dismiss it; either can be done in part.",
  ];
  return { da: da.join(" "), en: en.join(" ") };
}

const effects = ({ deletes, clears, overwrites, creates }: Tally): string =>
  `would delete ${deletes}, empty fields of ${clears}, overwrite ${overwrites} and create ${creates}`;
