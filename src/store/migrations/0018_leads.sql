CREATE TABLE "leads" (
	"id" uuid PRIMARY KEY NOT NULL,
	"kilde" text NOT NULL,
	"submission_id" text NOT NULL,
	"fingerprint" text NOT NULL,
	"detalje" text,
	"dato" date NOT NULL,
	"received_at" timestamp with time zone NOT NULL,
	"key_id" text NOT NULL,
	"by" text NOT NULL,
	"outcome" text NOT NULL,
	"kundeemne_id" uuid NOT NULL,
	"kontaktperson_id" uuid,
	"aktivitet_id" uuid NOT NULL,
	"duplicates" uuid[] NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX "leads_submission" ON "leads" USING btree ("kilde","submission_id");--> statement-breakpoint
CREATE INDEX "leads_key" ON "leads" USING btree ("key_id","received_at");--> statement-breakpoint
CREATE INDEX "leads_kundeemne" ON "leads" USING btree ("kundeemne_id");--> statement-breakpoint
CREATE INDEX "leads_received" ON "leads" USING btree (received_at,id);