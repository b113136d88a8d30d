CREATE TABLE "duplicate_searches" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "duplicate_searches_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"since" timestamp with time zone,
	"started_at" timestamp with time zone NOT NULL,
	"started_by" text NOT NULL,
	"ended_at" timestamp with time zone,
	"done_at" timestamp with time zone,
	"done_id" uuid,
	"records" integer NOT NULL,
	"looked" integer DEFAULT 0 NOT NULL,
	"opened" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX "duplicate_searches_open" ON "duplicate_searches" USING btree ((true)) WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "duplicate_searches_started" ON "duplicate_searches" USING btree ("started_at");