CREATE TABLE "domain_contacts" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "domain_contacts_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"address_hash" text NOT NULL,
	"state" text NOT NULL,
	"kontaktperson_id" uuid,
	"domain" text NOT NULL,
	"connection" text NOT NULL,
	"message_id" text NOT NULL,
	"sent_at" timestamp with time zone,
	"at" timestamp with time zone NOT NULL,
	"by" text NOT NULL,
	"undone_at" timestamp with time zone,
	"undone_by" text
);
--> statement-breakpoint
ALTER TABLE "kundeemner" ADD COLUMN "domain_keys" text[];--> statement-breakpoint
CREATE UNIQUE INDEX "domain_contacts_address" ON "domain_contacts" USING btree ("address_hash");--> statement-breakpoint
CREATE INDEX "domain_contacts_contact" ON "domain_contacts" USING btree ("kontaktperson_id");--> statement-breakpoint
CREATE INDEX "kundeemner_domains" ON "kundeemner" USING gin (domain_keys) WHERE domain_keys is not null;--> statement-breakpoint
UPDATE "kundeemner" SET "domain_keys" = (SELECT array_agg(DISTINCT lower(trim(d))) FROM unnest("email_domaener") d) WHERE cardinality("email_domaener") > 0;