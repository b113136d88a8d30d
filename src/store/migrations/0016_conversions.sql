CREATE TABLE "code_lists" (
	"connection" text NOT NULL,
	"object" text NOT NULL,
	"field" text NOT NULL,
	"code" text NOT NULL,
	"text" text,
	"seen_at" timestamp with time zone NOT NULL,
	CONSTRAINT "code_lists_connection_object_field_code_pk" PRIMARY KEY("connection","object","field","code")
);
--> statement-breakpoint
CREATE TABLE "conversions" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "conversions_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"entity_id" uuid NOT NULL,
	"connection" text NOT NULL,
	"target" text NOT NULL,
	"reference" text DEFAULT '' NOT NULL,
	"state" text NOT NULL,
	"reason" text,
	"data" json,
	"marker" text,
	"external_id" text,
	"sent_at" timestamp with time zone,
	"lease_until" timestamp with time zone,
	"fence" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"by" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"done_at" timestamp with time zone
);
--> statement-breakpoint
CREATE UNIQUE INDEX "conversions_once" ON "conversions" USING btree ("entity_id","connection","target","reference");--> statement-breakpoint
CREATE INDEX "conversions_open" ON "conversions" USING btree ("connection","due_at") WHERE state = 'open';--> statement-breakpoint
CREATE INDEX "conversions_found" ON "conversions" USING btree ("connection","target","external_id") WHERE external_id is not null;