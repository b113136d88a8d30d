CREATE TABLE "gdpr_requests" (
	"id" uuid PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"kundeemne_id" uuid NOT NULL,
	"kontaktperson_id" uuid,
	"received_on" date NOT NULL,
	"due_on" date NOT NULL,
	"extended_why" text,
	"state" text NOT NULL,
	"note" text,
	"outcome" text,
	"erasure_id" uuid,
	"by" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"closed_at" timestamp with time zone,
	"closed_by" text
);
--> statement-breakpoint
CREATE INDEX "gdpr_requests_due" ON "gdpr_requests" USING btree ("due_on","id") WHERE state = 'open';--> statement-breakpoint
CREATE INDEX "gdpr_requests_kundeemne" ON "gdpr_requests" USING btree ("kundeemne_id");