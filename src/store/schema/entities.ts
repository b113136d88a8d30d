import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  date,
  index,
  integer,
  json,
  numeric,
  type PgColumnBuilderBase,
  pgTable,
  text,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { type Catalogue, kontaktpersonCatalogue, kundeemneCatalogue } from "../../model/catalogue.ts";
import type { Field } from "../../model/field.ts";
import { instant } from "../instant-column.ts";

function column(field: Field, name: string): PgColumnBuilderBase {
  switch (field.kind) {
    case "bool":
      return boolean(name);
    case "int":
      return integer(name);
    case "decimal":
      return numeric(name);
    case "date":
      return date(name);
    case "instant":
      return instant(name);
    case "codeSet":
    case "textSet":
    case "textList":
    case "pNumbers":
      return text(name).array();
    case "id":
      return uuid(name);
    default:
      return text(name);
  }
}

/** One typed column a field of the catalogue; virtual fields have none. */
export function columnsOf(catalogue: Catalogue<string>): Record<string, PgColumnBuilderBase> {
  const columns: Record<string, PgColumnBuilderBase> = {};
  for (const [key, field] of Object.entries(catalogue.fields)) {
    if (!field.virtual) columns[key] = column(field, catalogue.columnOf.get(key) ?? key);
  }
  return columns;
}

/** What the gateway adds to a record; `meta` in the API. */
const meta = () => ({
  id: uuid("id").primaryKey(),
  version: bigint("version", { mode: "number" }).notNull(),
  createdAt: instant("created_at").notNull(),
  updatedAt: instant("updated_at").notNull(),
  /** Who set each field, by which rule, who lost (`Provenance` in src/rules/record.ts). */
  provenance: json("provenance").notNull(),
  /** Pins and update policies of this record (rule R15), by unit. Null: none. */
  policies: json("policies"),
  /** Open reviews that hold a unit (rule R16), by unit. Null: none. */
  holds: json("holds"),
  erasedAt: instant("erased_at"),
});

export const kundeemner = pgTable(
  "kundeemner",
  {
    ...meta(),
    ...columnsOf(kundeemneCatalogue),
    /** Deleted on side crm; nothing is written out until a person has decided (rule R1). */
    orphanedAt: instant("orphaned_at"),
    mergedInto: uuid("merged_into"),
    /** Street, house number, postal code and name key of tier M6; null where one is missing. */
    matchKey: text("match_key"),
    /** Lower-cased name key for searching and similarity. */
    nameKey: text("name_key"),
    /** E-mail domains of the company in the form in which they are compared; none at which anybody can have an address. */
    domainKeys: text("domain_keys").array(),
    /** The next activity that is planned: when its day comes, `nyeste_akt` is worked out anew. */
    naesteAkt: date("naeste_akt"),
  },
  () => [
    uniqueIndex("kundeemner_kontonummer").on(sql`kontonummer`),
    index("kundeemner_cvr_nr").on(sql`cvr_nr`).where(sql`cvr_nr is not null`),
    // Equal, or beginning with a house (`findBlocked`).
    index("kundeemner_match_key").on(sql`match_key text_pattern_ops`).where(sql`match_key is not null`),
    index("kundeemner_updated").on(sql`updated_at`, sql`id`),
    index("kundeemner_gln").on(sql`ean_lokationsnr`).where(sql`ean_lokationsnr is not null`),
    index("kundeemner_krak").on(sql`krak_id`).where(sql`krak_id is not null`),
    index("kundeemner_kob").on(sql`kob_id`).where(sql`kob_id is not null`),
    // An accounts office's address is in no campaign, whoever else has it.
    index("kundeemner_bogholderi").on(sql`lower(bogholderi_email)`).where(sql`bogholderi_email is not null`),
    index("kundeemner_tdc").on(sql`tdc_id`).where(sql`tdc_id is not null`),
    index("kundeemner_place").on(sql`google_place_id`).where(sql`google_place_id is not null`),
    // Few records have any; those whose time is over are looked for every minute.
    index("kundeemner_policies").on(sql`id`).where(sql`policies is not null`),
    // Sums that are 0 are empty, and cost a record without dealings nothing.
    index("kundeemner_tilbud_kr").on(sql`tilbud_kr`, sql`id`).where(sql`tilbud_kr is not null`),
    index("kundeemner_vaerdi").on(sql`vaerdi`, sql`id`).where(sql`vaerdi is not null`),
    index("kundeemner_nyeste_akt").on(sql`nyeste_akt`, sql`id`).where(sql`nyeste_akt is not null`),
    index("kundeemner_domains").using("gin", sql`domain_keys`).where(sql`domain_keys is not null`),
    index("kundeemner_position")
      .using("gist", sql`point(gps_lng::float8, gps_lat::float8)`)
      .where(sql`gps_lat is not null and gps_lng is not null`),
    index("kundeemner_naeste_akt").on(sql`naeste_akt`).where(sql`naeste_akt is not null`),
  ],
);

export const kontaktpersoner = pgTable(
  "kontaktpersoner",
  {
    ...meta(),
    kundeemneId: uuid("kundeemne_id").notNull(),
    ...columnsOf(kontaktpersonCatalogue),
    /** Compared form of the e-mail address, the match key of a contact within its emne. */
    emailKey: text("email_key"),
  },
  () => [
    index("kontaktpersoner_kundeemne").on(sql`kundeemne_id`),
    // At most one primary contact an emne (S22).
    uniqueIndex("kontaktpersoner_primaer").on(sql`kundeemne_id`).where(sql`primaer`),
    index("kontaktpersoner_email").on(sql`email_key`).where(sql`email_key is not null`),
    index("kontaktpersoner_policies").on(sql`id`).where(sql`policies is not null`),
  ],
);
