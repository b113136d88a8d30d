DROP INDEX "deliveries_due";--> statement-breakpoint
ALTER TABLE "links" ADD COLUMN "image_change" bigint;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "circuit_open_until" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "deliveries_due" ON "deliveries" USING btree ("connection","due_at","id") WHERE state in ('due', 'leased', 'uncertain');--> statement-breakpoint
-- Rows that are written again soon after they were made: with room on the page a new version needs no index entry.
ALTER TABLE "links" SET (fillfactor = 60);--> statement-breakpoint
ALTER TABLE "deliveries" SET (fillfactor = 60);--> statement-breakpoint
ALTER TABLE "attempts" SET (fillfactor = 60);
--> statement-breakpoint
-- Rows of a batch, as JSON. A call, not a cast: the planner would read a cast's text once more, and copy it along.
CREATE FUNCTION kobling_rows(rows text) RETURNS json LANGUAGE plpgsql VOLATILE STRICT AS $$ BEGIN RETURN rows::json; END $$;
