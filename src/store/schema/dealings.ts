import { sql } from "drizzle-orm";
import { bigint, index, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { type DealingKind, dealings } from "../../model/dealings.ts";
import { instant } from "../instant-column.ts";
import { columnsOf } from "./entities.ts";

/** A typed column for each field of its catalogue; every dealing hangs on one emne. */
const dealing = (kind: DealingKind) => ({
  id: uuid("id").primaryKey(),
  version: bigint("version", { mode: "number" }).notNull(),
  createdAt: instant("created_at").notNull(),
  updatedAt: instant("updated_at").notNull(),
  createdBy: text("created_by").notNull(),
  updatedBy: text("updated_by").notNull(),
  /** Read from a connection: which, under what number there. Null: written here. */
  connection: text("connection"),
  externalId: text("external_id"),
  /** First missed in a full listing at (rule R9). */
  missingSince: instant("missing_since"),
  ...columnsOf(dealings[kind].catalogue),
  kundeemneId: uuid("kundeemne_id").notNull(),
});

export const aktiviteter = pgTable("aktiviteter", { ...dealing("aktiviteter") }, () => [
  uniqueIndex("aktiviteter_remote").on(sql`connection`, sql`external_id`).where(sql`connection is not null`),
  index("aktiviteter_kundeemne").on(sql`kundeemne_id`, sql`dato`),
  index("aktiviteter_saelger").on(sql`saelger`, sql`dato`).where(sql`saelger is not null`),
  index("aktiviteter_kontakt").on(sql`kontaktperson_id`).where(sql`kontaktperson_id is not null`),
  index("aktiviteter_dato").on(sql`dato`, sql`id`),
]);

export const opgaver = pgTable("opgaver", { ...dealing("opgaver") }, () => [
  uniqueIndex("opgaver_remote").on(sql`connection`, sql`external_id`).where(sql`connection is not null`),
  index("opgaver_kundeemne").on(sql`kundeemne_id`),
  index("opgaver_ansvarlig").on(sql`ansvarlig`, sql`opfoelgningsdato`).where(sql`ansvarlig is not null`),
  index("opgaver_kontakt").on(sql`kontaktperson_id`).where(sql`kontaktperson_id is not null`),
  index("opgaver_opfoelgning").on(sql`opfoelgningsdato`, sql`id`),
]);

export const tilbud = pgTable("tilbud", { ...dealing("tilbud") }, () => [
  uniqueIndex("tilbud_remote").on(sql`connection`, sql`external_id`).where(sql`connection is not null`),
  index("tilbud_kundeemne").on(sql`kundeemne_id`),
  index("tilbud_nr").on(sql`nr`),
  index("tilbud_kontakt").on(sql`kontaktperson_id`).where(sql`kontaktperson_id is not null`),
  index("tilbud_dato").on(sql`dato`, sql`id`),
]);

export const noter = pgTable("noter", { ...dealing("noter") }, () => [
  uniqueIndex("noter_remote").on(sql`connection`, sql`external_id`).where(sql`connection is not null`),
  index("noter_kundeemne").on(sql`kundeemne_id`),
  index("noter_kontakt").on(sql`kontaktperson_id`).where(sql`kontaktperson_id is not null`),
  index("noter_created").on(sql`created_at`, sql`id`),
]);
