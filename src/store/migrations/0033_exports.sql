CREATE TABLE "exports" (
	"id" uuid PRIMARY KEY NOT NULL,
	"segment_id" uuid NOT NULL,
	"channel" text NOT NULL,
	"purpose" text NOT NULL,
	"sender" text NOT NULL,
	"why" text NOT NULL,
	"recipient" text NOT NULL,
	"format" text NOT NULL,
	"encoding" text NOT NULL,
	"fields" text[] NOT NULL,
	"connection" text,
	"file_name" text NOT NULL,
	"state" text NOT NULL,
	"replaced" integer DEFAULT 0 NOT NULL,
	"by" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "export_records" (
	"export_id" uuid NOT NULL,
	"entity_id" uuid NOT NULL,
	"kundeemne_id" uuid NOT NULL,
	CONSTRAINT "export_records_export_id_entity_id_pk" PRIMARY KEY("export_id","entity_id")
);
--> statement-breakpoint
CREATE INDEX "exports_at" ON "exports" USING btree ("at" desc,"id");--> statement-breakpoint
CREATE INDEX "export_records_kundeemne" ON "export_records" USING btree ("kundeemne_id");