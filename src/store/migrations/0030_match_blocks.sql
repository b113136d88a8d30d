CREATE TABLE "match_blocks" (
	"key" integer NOT NULL,
	"kundeemne_id" uuid NOT NULL,
	CONSTRAINT "match_blocks_key_kundeemne_id_pk" PRIMARY KEY("key","kundeemne_id")
);
--> statement-breakpoint
DROP INDEX "kundeemner_match_key";--> statement-breakpoint
CREATE INDEX "kundeemner_match_key" ON "kundeemner" USING btree (match_key text_pattern_ops) WHERE match_key is not null;