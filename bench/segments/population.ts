import { kundeemneCatalogue } from "../../src/model/catalogue.ts";
import { readCriterion } from "../../src/model/criteria-text.ts";
import type { Sql } from "../../src/store/database.ts";
import type { Segment, SegmentWish } from "../../src/store/segments.ts";

/** Companies with a contact each who has consented to e-mail: nearly everybody may be contacted, as the bare statements take it. */
export async function populate(sql: Sql, records: number): Promise<void> {
  await sql.unsafe(
    `insert into kundeemner (id, version, created_at, updated_at, provenance, kontonummer, firmanavn, landekode, postnr, bynavn, telefon, branche_kode,
       branche_klassifikation, kundetype, virksomhedsform, antal_medarbejdere_fra, vaerdi, nyeste_akt, tillad_kampagne, gdpr_ok, gdpr_dato, reklamebeskyttet_vaerdi)
     select uuidv7(), 1, now(), now(), '{"s":[],"u":{}}', n::text, 'Firma ' || n || ' ApS', 'DK', (1000 + n % 9000)::text, 'By ' || n % 900,
       '+45' || (20000000 + n), lpad((10000 + n * 7919 % 900000)::text, 6, '0'), 'DB25', 'BTB', '80', (n * 31 % 500), (n * 17 % 100000)::numeric,
       current_date - (n % 700)::int, true, true, current_date - 30, false from generate_series(1, $1::int) n`,
    [records],
  );
  await sql.unsafe(
    `insert into kontaktpersoner (id, version, created_at, updated_at, provenance, kundeemne_id, navn, email, email_key)
     select uuidv7(), 1, now(), now(), '{"s":[],"u":{}}', id, 'Person ' || kontonummer, 'p' || kontonummer || '@firma.example', 'p' || kontonummer || '@firma.example'
     from kundeemner order by id`,
  );
  await sql.unsafe(
    `insert into consents (address, channel, purpose, kind, at, evidence, opt_out_offered, source, kundeemne_id, kontaktperson_id, by, noted_at)
     select email_key, 'email', 'markedsfoering', 'given', now() - interval '10 days', 'form', true, 'bench', kundeemne_id, id, 'bench', now() from kontaktpersoner`,
  );
  await sql.unsafe("vacuum analyze kundeemner, kontaktpersoner, consents");
}

/** Half of companies to be called, half of contacts by e-mail, each of a few in a hundred: areas, branches, size, value, last activity. */
export function wishes(segments: number): SegmentWish[] {
  return Array.from({ length: segments }, (_, n) => {
    const low = 1000 + ((n * 977) % 8000);
    const filters = [
      `postnr in ${low}..${low + 400} and antalMedarbejdere.fra >= 100`,
      `branche.kode ~ "${10 + (n % 80)}" or (postnr ~ "${10 + (n % 80)}" and antalMedarbejdere.fra >= 250)`,
      `vaerdi >= 60000 and postnr in ${low}..${low + 600}`,
      `nyesteAkt < today-90d and antalMedarbejdere.fra in ${n % 400}..${(n % 400) + 20}`,
    ];
    const read = readCriterion(kundeemneCatalogue, filters[(n >> 1) % filters.length] ?? "");
    if (!("criterion" in read)) throw new Error(`A filter of the bench cannot be read: ${read.fault.code}`);
    const isCompany = n % 2 === 0;
    return {
      ...{ name: `Bench ${n}`, criterion: read.criterion, purpose: "markedsfoering" as const, sender: "own" as const },
      level: isCompany ? ("kundeemne" as const) : ("kontaktperson" as const),
      channel: isCompany ? ("phone" as const) : ("email" as const),
    };
  });
}

export type WishedSegment = SegmentWish & Pick<Segment, "id">;
