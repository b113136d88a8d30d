CREATE TABLE "erasures" (
	"id" uuid PRIMARY KEY NOT NULL,
	"entity" text NOT NULL,
	"entity_id" uuid NOT NULL,
	"entity_ids" uuid[] NOT NULL,
	"ground" text NOT NULL,
	"by" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"counts" json NOT NULL,
	"receipts" json NOT NULL,
	"open" integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX "erasures_entity" ON "erasures" USING btree ("entity_id");