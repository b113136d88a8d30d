CREATE TABLE "aktiviteter" (
	"id" uuid PRIMARY KEY NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"created_by" text NOT NULL,
	"updated_by" text NOT NULL,
	"kundeemne_id" uuid NOT NULL,
	"kontaktperson_id" uuid,
	"type" text,
	"dato" date,
	"tidspunkt" timestamp with time zone,
	"saelger" text,
	"notat" text,
	"opfoelgningsdato" date,
	"salgsprojekt" text,
	"dokumenter" text[],
	"vaerdi" numeric,
	"udfald" text
);
--> statement-breakpoint
CREATE TABLE "noter" (
	"id" uuid PRIMARY KEY NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"created_by" text NOT NULL,
	"updated_by" text NOT NULL,
	"kundeemne_id" uuid NOT NULL,
	"kontaktperson_id" uuid,
	"tekst" text,
	"forfatter" text
);
--> statement-breakpoint
CREATE TABLE "opgaver" (
	"id" uuid PRIMARY KEY NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"created_by" text NOT NULL,
	"updated_by" text NOT NULL,
	"kundeemne_id" uuid NOT NULL,
	"kontaktperson_id" uuid,
	"tekst" text,
	"ansvarlig" text,
	"opfoelgningsdato" date,
	"status" text
);
--> statement-breakpoint
CREATE TABLE "tilbud" (
	"id" uuid PRIMARY KEY NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"created_by" text NOT NULL,
	"updated_by" text NOT NULL,
	"kundeemne_id" uuid NOT NULL,
	"kontaktperson_id" uuid,
	"nr" text,
	"dato" date,
	"status" text,
	"titel" text,
	"saelger" text,
	"beloeb" numeric,
	"valuta" text,
	"kurs" numeric
);
--> statement-breakpoint
ALTER TABLE "kundeemner" ADD COLUMN "tilbud_kr" numeric;--> statement-breakpoint
ALTER TABLE "kundeemner" ADD COLUMN "vaerdi" numeric;--> statement-breakpoint
ALTER TABLE "kundeemner" ADD COLUMN "nyeste_akt" date;--> statement-breakpoint
ALTER TABLE "kundeemner" ADD COLUMN "naeste_akt" date;--> statement-breakpoint
CREATE INDEX "aktiviteter_kundeemne" ON "aktiviteter" USING btree (kundeemne_id,dato);--> statement-breakpoint
CREATE INDEX "aktiviteter_saelger" ON "aktiviteter" USING btree (saelger,dato) WHERE saelger is not null;--> statement-breakpoint
CREATE INDEX "aktiviteter_kontakt" ON "aktiviteter" USING btree (kontaktperson_id) WHERE kontaktperson_id is not null;--> statement-breakpoint
CREATE INDEX "aktiviteter_dato" ON "aktiviteter" USING btree (dato,id);--> statement-breakpoint
CREATE INDEX "noter_kundeemne" ON "noter" USING btree (kundeemne_id);--> statement-breakpoint
CREATE INDEX "noter_kontakt" ON "noter" USING btree (kontaktperson_id) WHERE kontaktperson_id is not null;--> statement-breakpoint
CREATE INDEX "noter_created" ON "noter" USING btree (created_at,id);--> statement-breakpoint
CREATE INDEX "opgaver_kundeemne" ON "opgaver" USING btree (kundeemne_id);--> statement-breakpoint
CREATE INDEX "opgaver_ansvarlig" ON "opgaver" USING btree (ansvarlig,opfoelgningsdato) WHERE ansvarlig is not null;--> statement-breakpoint
CREATE INDEX "opgaver_kontakt" ON "opgaver" USING btree (kontaktperson_id) WHERE kontaktperson_id is not null;--> statement-breakpoint
CREATE INDEX "opgaver_opfoelgning" ON "opgaver" USING btree (opfoelgningsdato,id);--> statement-breakpoint
CREATE INDEX "tilbud_kundeemne" ON "tilbud" USING btree (kundeemne_id);--> statement-breakpoint
CREATE INDEX "tilbud_nr" ON "tilbud" USING btree (nr);--> statement-breakpoint
CREATE INDEX "tilbud_kontakt" ON "tilbud" USING btree (kontaktperson_id) WHERE kontaktperson_id is not null;--> statement-breakpoint
CREATE INDEX "tilbud_dato" ON "tilbud" USING btree (dato,id);--> statement-breakpoint
CREATE INDEX "kundeemner_tilbud_kr" ON "kundeemner" USING btree (tilbud_kr,id) WHERE tilbud_kr is not null;--> statement-breakpoint
CREATE INDEX "kundeemner_vaerdi" ON "kundeemner" USING btree (vaerdi,id) WHERE vaerdi is not null;--> statement-breakpoint
CREATE INDEX "kundeemner_nyeste_akt" ON "kundeemner" USING btree (nyeste_akt,id) WHERE nyeste_akt is not null;--> statement-breakpoint
CREATE INDEX "kundeemner_naeste_akt" ON "kundeemner" USING btree (naeste_akt) WHERE naeste_akt is not null;--> statement-breakpoint
-- The date in Copenhagen: "today" to a Danish company.
CREATE FUNCTION kobling_today() RETURNS date LANGUAGE sql VOLATILE AS $$
  SELECT (kobling_now() AT TIME ZONE 'Europe/Copenhagen')::date
$$;
