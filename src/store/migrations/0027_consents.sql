CREATE TABLE "consents" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "consents_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"address" text NOT NULL,
	"channel" text NOT NULL,
	"purpose" text NOT NULL,
	"kind" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"evidence" text,
	"opt_out_offered" boolean,
	"source" text,
	"kundeemne_id" uuid NOT NULL,
	"kontaktperson_id" uuid,
	"by" text NOT NULL,
	"noted_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "consents_address" ON "consents" USING btree ("address","channel");--> statement-breakpoint
CREATE INDEX "consents_kundeemne" ON "consents" USING btree ("kundeemne_id",id desc);