ALTER TABLE "lanes" ADD COLUMN "fields_seen" text[];--> statement-breakpoint
ALTER TABLE "lanes" ADD COLUMN "standing" json;