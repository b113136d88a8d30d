import type { Ground } from "./database.ts";

/** What the product shows: records, history, cases, links. Read from its tables as a person reads its pages; nothing of its rules. */
export interface RecordFact {
  readonly id: string;
  readonly version: number;
  readonly values: Readonly<Record<string, string | boolean | null>>;
  /** By unit: version, index of the setter, rule, losers. */
  readonly provenance: string;
  readonly policies: readonly PolicyFact[];
  readonly holds: Readonly<Record<string, number>>;
  readonly restricted: boolean;
  readonly archived: boolean;
  readonly orphaned: boolean;
  readonly mergedInto: string | null;
  readonly may: boolean;
}

export interface PolicyFact {
  readonly unit: string;
  readonly policy: string;
  readonly pin?: boolean;
  readonly direction?: string;
}

export interface LinkFact {
  readonly id: string;
  readonly connection: string;
  readonly externalId: string;
  readonly record: string | null;
  readonly state: string;
}

export interface Snapshot {
  readonly records: ReadonlyMap<string, RecordFact>;
  /** Values that wait in a case, decided or not. */
  readonly sides: readonly string[];
  readonly links: readonly LinkFact[];
}

interface Lost {
  readonly value: Readonly<Record<string, unknown>>;
}

export interface HistoryFact {
  readonly record: string;
  readonly version: number;
  readonly kind: string;
  readonly at: number;
  readonly by: { readonly kind: string; readonly connection?: string };
  /** By field: what stood, what stands, the rule, and claims that had lost to what stood. */
  readonly fields: Readonly<
    Record<string, readonly [old: unknown, now: unknown, rule?: string, lost?: readonly Lost[]]>
  >;
}

export interface ReviewFact {
  readonly id: number;
  readonly kind: string;
  readonly state: string;
  readonly record: string | null;
  readonly unit: string | null;
  readonly connection: string | null;
  readonly externalId: string | null;
  readonly reason: string;
  readonly sides: readonly { readonly link: string | null; readonly value: Readonly<Record<string, unknown>> }[];
  readonly openedAt: number;
}

export interface Facts extends Snapshot {
  readonly history: readonly HistoryFact[];
  readonly reviews: readonly ReviewFact[];
  readonly deliveries: readonly {
    readonly record: string;
    readonly connection: string;
    readonly state: string;
    readonly reason: string | null;
  }[];
  readonly quarantined: readonly { readonly connection: string; readonly code: string; readonly detail: string }[];
  readonly waiting: number;
}

const RECORDS = `select id, version::int, firmanavn, attention, ansvarlig_saelger, adresse1, bynavn, telefon, soegenavn, leadkilde_detalje,
  provenance, policies, holds, coalesce(begraenset_vaerdi, false) as restricted, coalesce(arkiveret_vaerdi, false) as archived,
  orphaned_at is not null as orphaned, merged_into, coalesce(maa_opdateres_automatisk, true) as may from kundeemner order by id`;

const text = (value: unknown): string | null => (typeof value === "string" ? value : null);

export async function readSnapshot(ground: Ground): Promise<Snapshot> {
  const rows = await ground.sql.unsafe(RECORDS, [], { prepare: true });
  const links = await ground.sql.unsafe(
    "select id, connection, external_id, entity_id, state from links order by connection, external_id",
    [],
    {
      prepare: true,
    },
  );
  const sides = await ground.sql.unsafe(
    "select distinct v.value from reviews r, json_array_elements(r.sides) s, json_each_text(s->'value') v",
    [],
    { prepare: true },
  );
  return {
    records: new Map(
      rows.map((row) => [
        String(row.id),
        {
          id: String(row.id),
          version: Number(row.version),
          values: {
            firmanavn: text(row.firmanavn),
            attention: text(row.attention),
            ansvarligSaelger: text(row.ansvarlig_saelger),
            adresse1: text(row.adresse1),
            bynavn: text(row.bynavn),
            telefon: text(row.telefon),
            soegenavn: text(row.soegenavn),
            leadkildeDetalje: text(row.leadkilde_detalje),
          },
          provenance: JSON.stringify(row.provenance),
          policies: (row.policies ?? []) as PolicyFact[],
          holds: (row.holds ?? {}) as Record<string, number>,
          restricted: row.restricted === true,
          archived: row.archived === true,
          orphaned: row.orphaned === true,
          mergedInto: text(row.merged_into),
          may: row.may === true,
        },
      ]),
    ),
    sides: sides.map((row) => String(row.value)),
    links: links.map((row) => ({
      id: String(row.id),
      connection: String(row.connection),
      externalId: String(row.external_id),
      record: text(row.entity_id),
      state: String(row.state),
    })),
  };
}

const ms = (value: unknown): number => Number(value);

export async function readFacts(ground: Ground): Promise<Facts> {
  const { sql } = ground;
  const snapshot = await readSnapshot(ground);
  const history = await sql.unsafe(
    `select entity_id, version::int, kind, (extract(epoch from at) * 1000)::float8 as at, by, fields from history order by batch, place`,
  );
  const reviews = await sql.unsafe(
    `select id::int, kind, state, entity_id, unit, connection, external_id, reason, sides, (extract(epoch from opened_at) * 1000)::float8 as at from reviews order by id`,
  );
  const deliveries = await sql.unsafe(
    "select entity_id, connection, state, reason from deliveries where state not in ('settled', 'withdrawn')",
  );
  const changes = await sql.unsafe(
    "select connection, state, reason from changes where state in ('received', 'quarantined')",
  );
  return {
    ...snapshot,
    history: history.map((row) => ({
      record: String(row.entity_id),
      version: Number(row.version),
      kind: String(row.kind),
      at: ms(row.at),
      by: row.by as HistoryFact["by"],
      fields: row.fields as HistoryFact["fields"],
    })),
    reviews: reviews.map((row) => ({
      id: Number(row.id),
      kind: String(row.kind),
      state: String(row.state),
      record: text(row.entity_id),
      unit: text(row.unit),
      connection: text(row.connection),
      externalId: text(row.external_id),
      reason: String(row.reason),
      sides: (row.sides ?? []) as ReviewFact["sides"],
      openedAt: ms(row.at),
    })),
    deliveries: deliveries.map((row) => ({
      record: String(row.entity_id),
      connection: String(row.connection),
      state: String(row.state),
      reason: text(row.reason),
    })),
    quarantined: changes
      .filter((row) => row.state === "quarantined")
      .map((row) => {
        const reason = row.reason as { code?: string; detail?: string } | null;
        return { connection: String(row.connection), code: String(reason?.code), detail: String(reason?.detail) };
      }),
    waiting: changes.filter((row) => row.state === "received").length,
  };
}
