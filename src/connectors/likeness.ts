import { addressKey } from "../danish/address.ts";
import { nameKey } from "../danish/company-name.ts";
import { readCvr } from "../danish/cvr.ts";
import { nameSimilarity } from "../danish/name-similarity.ts";
import type { Hit, LookupQuery } from "./directory.ts";

/** A name alone is nobody: two companies may have it. */
const BY_NAME = 0.94;

/** What a directory of companies shows of one. */
export interface CompanyFacts {
  readonly externalId: string;
  readonly firmanavn: string | null;
  readonly cvrNr: string | null;
  readonly adresse1: string | null;
  readonly postnr: string | null;
  readonly bynavn: string | null;
}

/** What to ask a directory for: what was typed, else the record's id there, its CVR number, its name. */
export function companyQuery({ text, known }: LookupQuery, idField: string): string | undefined {
  const asked = text ?? known?.[idField] ?? known?.cvrNr ?? known?.firmanavn;
  return typeof asked === "string" && asked.trim() !== "" ? asked.trim() : undefined;
}

/** The hit of a company: sure by id, by CVR number, or by name and address together. */
export function companyHit(facts: CompanyFacts, query: LookupQuery, idField: string): Hit {
  const place = [facts.adresse1, [facts.postnr, facts.bynavn].filter(Boolean).join(" ")].filter(Boolean).join(", ");
  return {
    externalId: facts.externalId,
    title: facts.firmanavn ?? facts.externalId,
    detail: place === "" ? null : place,
    score: scoreOf(facts, query, idField),
  };
}

function scoreOf(facts: CompanyFacts, { text, known }: LookupQuery, idField: string): number {
  const id = text ?? known?.[idField];
  if (id === facts.externalId) return 1;
  const asked = typeof (text ?? known?.cvrNr) === "string" ? readCvr(String(text ?? known?.cvrNr)) : undefined;
  const theirs = facts.cvrNr === null ? undefined : readCvr(facts.cvrNr);
  if (asked?.ok === true && theirs?.ok === true) return asked.value === theirs.value ? 1 : 0.1;
  const name = text ?? known?.firmanavn;
  if (typeof name !== "string" || facts.firmanavn === null) return 0.1;
  const ours = known === undefined ? null : addressKey(known as Record<string, string | null>); // flat texts of the catalogue
  const isNamed = nameKey(name).key === nameKey(facts.firmanavn).key;
  if (isNamed && ours !== null && ours === addressKey({ ...facts, landekode: "DK" })) return 1;
  return Math.min(BY_NAME, nameSimilarity(name, facts.firmanavn));
}
