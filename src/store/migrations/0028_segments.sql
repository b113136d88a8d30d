CREATE TABLE "segment_events" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "segment_events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"segment_id" uuid NOT NULL,
	"entity_id" uuid NOT NULL,
	"change" text NOT NULL,
	"reason" text NOT NULL,
	"at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "segment_members" (
	"segment_id" uuid NOT NULL,
	"entity_id" uuid NOT NULL,
	"kundeemne_id" uuid NOT NULL,
	"why" text NOT NULL,
	"run" integer NOT NULL,
	"since" timestamp with time zone NOT NULL,
	CONSTRAINT "segment_members_segment_id_entity_id_pk" PRIMARY KEY("segment_id","entity_id")
);
--> statement-breakpoint
CREATE TABLE "segment_wishes" (
	"segment_id" uuid NOT NULL,
	"entity_id" uuid NOT NULL,
	"by" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "segment_wishes_segment_id_entity_id_pk" PRIMARY KEY("segment_id","entity_id")
);
--> statement-breakpoint
CREATE TABLE "segments" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"level" text NOT NULL,
	"criterion" json NOT NULL,
	"channel" text NOT NULL,
	"purpose" text NOT NULL,
	"sender" text NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"run" integer DEFAULT 0 NOT NULL,
	"ran_at" timestamp with time zone,
	"created_at" timestamp with time zone NOT NULL,
	"created_by" text NOT NULL,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "segment_events_segment" ON "segment_events" USING btree ("segment_id",id);--> statement-breakpoint
CREATE INDEX "segment_members_entity" ON "segment_members" USING btree ("entity_id");