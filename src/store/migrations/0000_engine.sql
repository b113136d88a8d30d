CREATE TABLE "kontaktpersoner" (
	"id" uuid PRIMARY KEY NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"provenance" json NOT NULL,
	"policies" json,
	"holds" json,
	"erased_at" timestamp with time zone,
	"kundeemne_id" uuid NOT NULL,
	"navn" text,
	"titel" text,
	"profil" text[],
	"telefon" text,
	"mobil" text,
	"fax" text,
	"email" text,
	"primaer" boolean,
	"oprettet_via" text,
	"email_key" text
);
--> statement-breakpoint
CREATE TABLE "kundeemner" (
	"id" uuid PRIMARY KEY NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"provenance" json NOT NULL,
	"policies" json,
	"holds" json,
	"erased_at" timestamp with time zone,
	"kontonummer" text,
	"firmanavn" text,
	"soegenavn" text,
	"emnetyper" text[],
	"leadkilde" text,
	"leadkilde_detalje" text,
	"leadkilde_dato" date,
	"ansvarlig_saelger" text,
	"findes_deb" boolean,
	"findes_kred" boolean,
	"adresse1" text,
	"adresse2" text,
	"postnr" text,
	"bynavn" text,
	"landekode" text,
	"besoegsadresse_adresse1" text,
	"besoegsadresse_adresse2" text,
	"besoegsadresse_postnr" text,
	"besoegsadresse_bynavn" text,
	"besoegsadresse_landekode" text,
	"cvr_nr" text,
	"se_nr" text,
	"eu_vat_nr" text,
	"p_numre" text[],
	"telefon" text,
	"hjemmeside" text,
	"virksomhedsform" text,
	"cvr_status_status" text,
	"cvr_status_dato" date,
	"reklamebeskyttet_vaerdi" boolean,
	"reklamebeskyttet_checked_at" timestamp with time zone,
	"gps_lat" numeric,
	"gps_lng" numeric,
	"gps_source" text,
	"gps_fetched_at" timestamp with time zone,
	"gps_expires_at" timestamp with time zone,
	"gps_precision" text,
	"attention" text,
	"bogholderi_email" text,
	"email_domaener" text[],
	"standard_moms" text,
	"bogfoeringsgruppe_deb" text,
	"bogfoeringsgruppe_kred" text,
	"valuta" text,
	"betalingsbetingelser" text,
	"leveringsbetingelser" text,
	"afdelinger" text[],
	"ean_lokationsnr" text,
	"kredit_max" numeric,
	"saldo_deb_beloeb" numeric,
	"saldo_deb_valuta" text,
	"saldo_kred_beloeb" numeric,
	"saldo_kred_valuta" text,
	"branche_kode" text,
	"branche_klassifikation" text,
	"bibrancher" text[],
	"maalgrupper" text[],
	"interessetyper" text[],
	"kundetype" text,
	"antal_medarbejdere_fra" integer,
	"antal_medarbejdere_til" integer,
	"status" text,
	"bemaerk1" text,
	"bemaerk2" text,
	"bemaerk3" text,
	"overordnet_tekst" text,
	"pakkeinfo" text,
	"pallespecifikation" text,
	"titler" text[],
	"profiler" text[],
	"tillad_kampagne" boolean,
	"gdpr_ok" boolean,
	"gdpr_dato" date,
	"begraenset_vaerdi" boolean,
	"begraenset_aarsag" text,
	"begraenset_dato" date,
	"indsigelse" date,
	"robinson_listed" boolean,
	"robinson_checked_at" timestamp with time zone,
	"arkiveret_vaerdi" boolean,
	"arkiveret_at" timestamp with time zone,
	"arkiveret_by" text,
	"arkiveret_aarsag" text,
	"krak_id" text,
	"kob_id" text,
	"tdc_id" text,
	"google_place_id" text,
	"maa_opdateres_automatisk" boolean,
	"orphaned_at" timestamp with time zone,
	"merged_into" uuid,
	"match_key" text,
	"name_key" text
);
--> statement-breakpoint
CREATE TABLE "attempts" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "attempts_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"delivery_id" bigint NOT NULL,
	"connection" text NOT NULL,
	"object" text NOT NULL,
	"external_id" text,
	"fence" bigint NOT NULL,
	"kind" text NOT NULL,
	"sent" json NOT NULL,
	"versions" json NOT NULL,
	"state" text NOT NULL,
	"read_at" timestamp with time zone,
	"began_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	"error" text
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "deliveries_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"connection" text NOT NULL,
	"object" text NOT NULL,
	"link_id" uuid,
	"entity" text NOT NULL,
	"entity_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"state" text NOT NULL,
	"reason" text,
	"withheld" json,
	"due_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"fence" bigint DEFAULT 0 NOT NULL,
	"lease_until" timestamp with time zone,
	"tries" integer DEFAULT 0 NOT NULL,
	"attempt_id" bigint,
	"body" json,
	"create_key" text,
	"settled_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "link_blocks" (
	"connection" text NOT NULL,
	"object" text NOT NULL,
	"entity_id" uuid NOT NULL,
	"external_id" text DEFAULT '' NOT NULL,
	"kind" text NOT NULL,
	"by" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "link_blocks_connection_object_entity_id_external_id_pk" PRIMARY KEY("connection","object","entity_id","external_id")
);
--> statement-breakpoint
CREATE TABLE "links" (
	"id" uuid PRIMARY KEY NOT NULL,
	"connection" text NOT NULL,
	"object" text NOT NULL,
	"external_id" text NOT NULL,
	"entity" text NOT NULL,
	"entity_id" uuid,
	"state" text NOT NULL,
	"base" json,
	"seen" json,
	"decided_version" bigint DEFAULT 0 NOT NULL,
	"decided" json,
	"renderings" json,
	"view_of" uuid,
	"image" json,
	"mapping_version" text,
	"remote_version" text,
	"newest_hash" text,
	"newest_change_id" bigint,
	"counter" bigint,
	"write_count" integer DEFAULT 0 NOT NULL,
	"in_flight" boolean DEFAULT false NOT NULL,
	"quiet_until" timestamp with time zone,
	"images" json,
	"last_read_at" timestamp with time zone,
	"decided_received_at" timestamp with time zone,
	"decided_began_at" timestamp with time zone,
	"missing_since" timestamp with time zone,
	"updated_at" timestamp with time zone NOT NULL,
	"linked_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "api_keys" (
	"id" uuid PRIMARY KEY NOT NULL,
	"label" text NOT NULL,
	"hash" text NOT NULL,
	"scopes" text[] NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	"last_used_at" timestamp with time zone,
	CONSTRAINT "api_keys_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
CREATE TABLE "connections" (
	"name" text PRIMARY KEY NOT NULL,
	"connector" text NOT NULL,
	"state" text NOT NULL,
	"reason" text,
	"configured" boolean DEFAULT true NOT NULL,
	"capabilities" json,
	"clock_offset_ms" integer,
	"sealed_token" text,
	"token_expires_at" timestamp with time zone,
	"last_answer_at" timestamp with time zone,
	"last_error" text,
	"last_error_at" timestamp with time zone,
	"windows_ms" json,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"key_id" text NOT NULL,
	"key" text NOT NULL,
	"fingerprint" text NOT NULL,
	"status" integer,
	"headers" json,
	"answer" text,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "idempotency_keys_key_id_key_pk" PRIMARY KEY("key_id","key")
);
--> statement-breakpoint
CREATE TABLE "installation" (
	"key" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "lanes" (
	"connection" text NOT NULL,
	"object" text NOT NULL,
	"released_in" boolean DEFAULT false NOT NULL,
	"released_out" boolean DEFAULT false NOT NULL,
	"preview_id" bigint,
	"released_at" timestamp with time zone,
	"released_by" text,
	"cursor" text,
	"last_full_at" timestamp with time zone,
	"next_poll_at" timestamp with time zone,
	"mapping_version" text,
	"unverifiable_since" timestamp with time zone,
	"stopped_by" bigint,
	"stopped_reason" text,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "lanes_connection_object_pk" PRIMARY KEY("connection","object")
);
--> statement-breakpoint
CREATE TABLE "snapshots" (
	"id" uuid PRIMARY KEY NOT NULL,
	"connection" text NOT NULL,
	"object" text NOT NULL,
	"run_id" bigint NOT NULL,
	"state" text NOT NULL,
	"opened_at" timestamp with time zone NOT NULL,
	"completed_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "subscriptions" (
	"name" text PRIMARY KEY NOT NULL,
	"epoch" integer NOT NULL,
	"position" bigint NOT NULL,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tombstones" (
	"hash" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"entity_id" uuid,
	"hits" integer DEFAULT 0 NOT NULL,
	"at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "webhooks" (
	"id" uuid PRIMARY KEY NOT NULL,
	"url" text NOT NULL,
	"sealed_secret" text NOT NULL,
	"state" text NOT NULL,
	"reason" text,
	"epoch" integer NOT NULL,
	"position" bigint NOT NULL,
	"tries" integer DEFAULT 0 NOT NULL,
	"next_at" timestamp with time zone,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "changes" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "changes_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"connection" text NOT NULL,
	"object" text NOT NULL,
	"external_id" text NOT NULL,
	"state" text NOT NULL,
	"via" text NOT NULL,
	"run_id" bigint,
	"deleted" boolean DEFAULT false NOT NULL,
	"hash" text NOT NULL,
	"event_id" text,
	"counter" bigint,
	"last_delivery" bigint,
	"remote_version" text,
	"remote_changed_at" timestamp with time zone,
	"began_at" timestamp with time zone NOT NULL,
	"received_at" timestamp with time zone NOT NULL,
	"write_count" integer,
	"whole" boolean DEFAULT true NOT NULL,
	"outcome" text,
	"reason" json,
	"body" json
);
--> statement-breakpoint
CREATE TABLE "feed_batches" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "feed_batches_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"entries" integer NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"base" bigint
);
--> statement-breakpoint
CREATE TABLE "history" (
	"entity_id" uuid NOT NULL,
	"version" bigint NOT NULL,
	"entity" text NOT NULL,
	"batch" bigint NOT NULL,
	"place" integer NOT NULL,
	"kind" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"by" json NOT NULL,
	"change_id" bigint,
	"run_id" bigint,
	"mapping_version" text,
	"fields" json NOT NULL,
	CONSTRAINT "history_entity_id_version_pk" PRIMARY KEY("entity_id","version")
);
--> statement-breakpoint
CREATE TABLE "reviews" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "reviews_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"kind" text NOT NULL,
	"state" text NOT NULL,
	"entity" text,
	"entity_id" uuid,
	"unit" text,
	"connection" text,
	"object" text,
	"external_id" text,
	"link_id" uuid,
	"change_id" bigint,
	"run_id" bigint,
	"sides" json,
	"reason" text NOT NULL,
	"detail" json,
	"opened_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	"decided_at" timestamp with time zone,
	"decided_by" text,
	"decision" text,
	"why" text
);
--> statement-breakpoint
CREATE TABLE "run_items" (
	"run_id" bigint NOT NULL,
	"object" text NOT NULL,
	"external_id" text NOT NULL,
	"entity_id" uuid,
	"entity_version" bigint,
	"hash" text,
	"plan" text,
	"detail" json,
	CONSTRAINT "run_items_run_id_object_external_id_pk" PRIMARY KEY("run_id","object","external_id")
);
--> statement-breakpoint
CREATE TABLE "runs" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "runs_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"connection" text NOT NULL,
	"object" text,
	"kind" text NOT NULL,
	"state" text NOT NULL,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone,
	"created_at" timestamp with time zone NOT NULL,
	"counts" json,
	"detail" json,
	"by" text
);
--> statement-breakpoint
CREATE INDEX "kontaktpersoner_kundeemne" ON "kontaktpersoner" USING btree (kundeemne_id);--> statement-breakpoint
CREATE UNIQUE INDEX "kontaktpersoner_primaer" ON "kontaktpersoner" USING btree (kundeemne_id) WHERE primaer;--> statement-breakpoint
CREATE INDEX "kontaktpersoner_email" ON "kontaktpersoner" USING btree (email_key) WHERE email_key is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "kundeemner_kontonummer" ON "kundeemner" USING btree (kontonummer);--> statement-breakpoint
CREATE INDEX "kundeemner_cvr_nr" ON "kundeemner" USING btree (cvr_nr) WHERE cvr_nr is not null;--> statement-breakpoint
CREATE INDEX "kundeemner_match_key" ON "kundeemner" USING btree (match_key) WHERE match_key is not null;--> statement-breakpoint
CREATE INDEX "kundeemner_updated" ON "kundeemner" USING btree (updated_at,id);--> statement-breakpoint
CREATE INDEX "kundeemner_gln" ON "kundeemner" USING btree (ean_lokationsnr) WHERE ean_lokationsnr is not null;--> statement-breakpoint
CREATE INDEX "kundeemner_krak" ON "kundeemner" USING btree (krak_id) WHERE krak_id is not null;--> statement-breakpoint
CREATE INDEX "kundeemner_kob" ON "kundeemner" USING btree (kob_id) WHERE kob_id is not null;--> statement-breakpoint
CREATE INDEX "kundeemner_tdc" ON "kundeemner" USING btree (tdc_id) WHERE tdc_id is not null;--> statement-breakpoint
CREATE INDEX "kundeemner_place" ON "kundeemner" USING btree (google_place_id) WHERE google_place_id is not null;--> statement-breakpoint
CREATE INDEX "attempts_delivery" ON "attempts" USING btree ("delivery_id");--> statement-breakpoint
CREATE INDEX "attempts_began" ON "attempts" USING btree ("began_at");--> statement-breakpoint
CREATE UNIQUE INDEX "deliveries_open" ON "deliveries" USING btree ("entity_id","connection","object") WHERE state in ('due', 'leased', 'uncertain', 'withheld');--> statement-breakpoint
CREATE INDEX "deliveries_due" ON "deliveries" USING btree ("connection","due_at") WHERE state in ('due', 'leased', 'uncertain');--> statement-breakpoint
CREATE INDEX "deliveries_link" ON "deliveries" USING btree ("link_id");--> statement-breakpoint
CREATE UNIQUE INDEX "links_remote" ON "links" USING btree ("connection","object","external_id");--> statement-breakpoint
CREATE INDEX "links_entity" ON "links" USING btree ("entity_id") WHERE entity_id is not null;--> statement-breakpoint
CREATE INDEX "idempotency_keys_age" ON "idempotency_keys" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "tombstones_entity" ON "tombstones" USING btree (entity_id);--> statement-breakpoint
CREATE INDEX "changes_waiting" ON "changes" USING btree ("connection","id") WHERE state = 'received';--> statement-breakpoint
CREATE INDEX "changes_quarantine" ON "changes" USING btree ("id") WHERE state = 'quarantined';--> statement-breakpoint
CREATE UNIQUE INDEX "changes_event" ON "changes" USING btree ("connection","event_id") WHERE event_id is not null;--> statement-breakpoint
CREATE INDEX "feed_batches_open" ON "feed_batches" USING btree ("id") WHERE base is null;--> statement-breakpoint
CREATE UNIQUE INDEX "feed_batches_base" ON "feed_batches" USING btree ("base") WHERE base is not null;--> statement-breakpoint
CREATE INDEX "history_batch" ON "history" USING btree ("batch","place");--> statement-breakpoint
CREATE UNIQUE INDEX "reviews_hold" ON "reviews" USING btree ("entity_id","unit") WHERE state = 'open' and kind = 'conflict';--> statement-breakpoint
CREATE INDEX "reviews_open" ON "reviews" USING btree ("kind","id") WHERE state = 'open';--> statement-breakpoint
CREATE INDEX "reviews_entity" ON "reviews" USING btree ("entity_id");--> statement-breakpoint
CREATE INDEX "reviews_remote" ON "reviews" USING btree ("connection","object","external_id") WHERE external_id is not null;--> statement-breakpoint
CREATE INDEX "runs_connection" ON "runs" USING btree ("connection","id");