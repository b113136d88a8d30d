CREATE TABLE "merges" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "merges_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"survivor_id" uuid NOT NULL,
	"other_id" uuid NOT NULL,
	"survivor_version" bigint NOT NULL,
	"kept" json NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"by" text NOT NULL,
	"undone_at" timestamp with time zone,
	"undone_by" text
);
--> statement-breakpoint
CREATE INDEX "merges_survivor" ON "merges" USING btree ("survivor_id");--> statement-breakpoint
CREATE INDEX "merges_other" ON "merges" USING btree ("other_id");