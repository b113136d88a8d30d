CREATE TABLE "campaigns" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"segment_id" uuid NOT NULL,
	"connections" text[] NOT NULL,
	"channel" text NOT NULL,
	"purpose" text NOT NULL,
	"sender" text NOT NULL,
	"starts_on" date,
	"ends_on" date,
	"state" text NOT NULL,
	"round" integer DEFAULT 0 NOT NULL,
	"selected_at" timestamp with time zone,
	"created_at" timestamp with time zone NOT NULL,
	"created_by" text NOT NULL,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "hand_over_batches" (
	"id" uuid PRIMARY KEY NOT NULL,
	"campaign_id" uuid NOT NULL,
	"connection" text NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	"ticket" text,
	"fence" integer DEFAULT 0 NOT NULL,
	"tries" integer DEFAULT 0 NOT NULL,
	"lease_until" timestamp with time zone,
	"due_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "hand_over_receipts" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "hand_over_receipts_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"campaign_id" uuid NOT NULL,
	"connection" text NOT NULL,
	"address" text NOT NULL,
	"entity_id" uuid NOT NULL,
	"kundeemne_id" uuid NOT NULL,
	"act" text NOT NULL,
	"outcome" text NOT NULL,
	"code" text,
	"reason" text NOT NULL,
	"batch_id" uuid NOT NULL,
	"at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "hand_overs" (
	"campaign_id" uuid NOT NULL,
	"connection" text NOT NULL,
	"address" text NOT NULL,
	"channel" text NOT NULL,
	"entity_id" uuid NOT NULL,
	"kundeemne_id" uuid NOT NULL,
	"round" integer NOT NULL,
	"wanted" boolean NOT NULL,
	"reason" text NOT NULL,
	"has" text NOT NULL,
	"owed" text,
	"ends" integer DEFAULT 0 NOT NULL,
	"state" text NOT NULL,
	"code" text,
	"batch_id" uuid,
	"changed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "hand_overs_campaign_id_connection_address_pk" PRIMARY KEY("campaign_id","connection","address")
);
--> statement-breakpoint
CREATE TABLE "opt_out_cursors" (
	"connection" text PRIMARY KEY NOT NULL,
	"cursor" text NOT NULL,
	"read_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "opt_outs" (
	"connection" text NOT NULL,
	"address" text NOT NULL,
	"channel" text NOT NULL,
	"kind" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"noted_at" timestamp with time zone NOT NULL,
	CONSTRAINT "opt_outs_connection_address_channel_kind_at_pk" PRIMARY KEY("connection","address","channel","kind","at")
);
--> statement-breakpoint
ALTER TABLE "consents" ALTER COLUMN "kundeemne_id" DROP NOT NULL;--> statement-breakpoint
CREATE INDEX "hand_over_batches_due" ON "hand_over_batches" USING btree ("connection","due_at");--> statement-breakpoint
CREATE INDEX "hand_over_receipts_campaign" ON "hand_over_receipts" USING btree ("campaign_id",id);--> statement-breakpoint
CREATE INDEX "hand_over_receipts_kundeemne" ON "hand_over_receipts" USING btree ("kundeemne_id");--> statement-breakpoint
CREATE INDEX "hand_overs_owed" ON "hand_overs" USING btree ("connection","campaign_id") WHERE owed is not null and batch_id is null;--> statement-breakpoint
CREATE INDEX "hand_overs_batch" ON "hand_overs" USING btree ("batch_id") WHERE batch_id is not null;--> statement-breakpoint
CREATE INDEX "hand_overs_address" ON "hand_overs" USING btree ("address");--> statement-breakpoint
CREATE INDEX "hand_overs_kundeemne" ON "hand_overs" USING btree ("kundeemne_id");--> statement-breakpoint
CREATE INDEX "kundeemner_bogholderi" ON "kundeemner" USING btree (lower(bogholderi_email)) WHERE bogholderi_email is not null;