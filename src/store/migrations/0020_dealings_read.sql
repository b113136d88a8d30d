ALTER TABLE "aktiviteter" ADD COLUMN "connection" text;--> statement-breakpoint
ALTER TABLE "aktiviteter" ADD COLUMN "external_id" text;--> statement-breakpoint
ALTER TABLE "aktiviteter" ADD COLUMN "missing_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "noter" ADD COLUMN "connection" text;--> statement-breakpoint
ALTER TABLE "noter" ADD COLUMN "external_id" text;--> statement-breakpoint
ALTER TABLE "noter" ADD COLUMN "missing_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "opgaver" ADD COLUMN "connection" text;--> statement-breakpoint
ALTER TABLE "opgaver" ADD COLUMN "external_id" text;--> statement-breakpoint
ALTER TABLE "opgaver" ADD COLUMN "missing_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "tilbud" ADD COLUMN "connection" text;--> statement-breakpoint
ALTER TABLE "tilbud" ADD COLUMN "external_id" text;--> statement-breakpoint
ALTER TABLE "tilbud" ADD COLUMN "missing_since" timestamp with time zone;--> statement-breakpoint
CREATE UNIQUE INDEX "aktiviteter_remote" ON "aktiviteter" USING btree (connection,external_id) WHERE connection is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "noter_remote" ON "noter" USING btree (connection,external_id) WHERE connection is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "opgaver_remote" ON "opgaver" USING btree (connection,external_id) WHERE connection is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "tilbud_remote" ON "tilbud" USING btree (connection,external_id) WHERE connection is not null;