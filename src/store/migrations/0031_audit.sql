CREATE TABLE "audit_entries" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "audit_entries_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone NOT NULL,
	"kind" text NOT NULL,
	"key_id" uuid,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"target" uuid,
	"asked" text[],
	"trace_id" text,
	"status" integer,
	"items" integer,
	"seal" bigint
);
--> statement-breakpoint
CREATE TABLE "audit_salts" (
	"entity_id" uuid PRIMARY KEY NOT NULL,
	"salt" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_seals" (
	"number" bigint PRIMARY KEY NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"last_feed" bigint NOT NULL,
	"batches" json NOT NULL,
	"leaves" "bytea" NOT NULL,
	"entries" integer NOT NULL,
	"entries_hash" text NOT NULL,
	"previous" text NOT NULL,
	"hash" text NOT NULL
);
--> statement-breakpoint
CREATE INDEX "audit_entries_open" ON "audit_entries" USING btree ("id") WHERE seal is null;--> statement-breakpoint
CREATE INDEX "audit_entries_seal" ON "audit_entries" USING btree ("seal","id");--> statement-breakpoint
CREATE INDEX "audit_entries_target" ON "audit_entries" USING btree ("target","id") WHERE target is not null;
--> statement-breakpoint
CREATE FUNCTION kobling_audit_entries_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'UPDATE' OR OLD.seal IS NOT NULL
    OR (OLD.id, OLD.at, OLD.kind, OLD.key_id, OLD.actor, OLD.action, OLD.asked, OLD.trace_id)
      IS DISTINCT FROM (NEW.id, NEW.at, NEW.kind, NEW.key_id, NEW.actor, NEW.action, NEW.asked, NEW.trace_id)
    OR (OLD.status IS NOT NULL AND (OLD.status, OLD.target, OLD.items) IS DISTINCT FROM (NEW.status, NEW.target, NEW.items))
  THEN RAISE EXCEPTION 'The audit log is append-only';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER audit_entries_kept BEFORE UPDATE OR DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION kobling_audit_entries_kept();
--> statement-breakpoint
CREATE FUNCTION kobling_audit_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'The audit log is append-only';
END $$;
--> statement-breakpoint
CREATE TRIGGER audit_seals_kept BEFORE UPDATE OR DELETE ON audit_seals FOR EACH ROW EXECUTE FUNCTION kobling_audit_kept();
--> statement-breakpoint
CREATE TRIGGER audit_seals_not_emptied BEFORE TRUNCATE ON audit_seals FOR EACH STATEMENT EXECUTE FUNCTION kobling_audit_kept();
--> statement-breakpoint
CREATE TRIGGER audit_entries_not_emptied BEFORE TRUNCATE ON audit_entries FOR EACH STATEMENT EXECUTE FUNCTION kobling_audit_kept();
