CREATE TABLE "segment_marks" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "segment_marks_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"batch" bigint,
	"consent" bigint,
	"entity_id" uuid,
	"entity" text
);
--> statement-breakpoint
ALTER TABLE "segments" ADD COLUMN "followed_version" integer;--> statement-breakpoint
-- Whoever follows segments hears of it at commit; where nothing is followed nobody is told.
CREATE FUNCTION kobling_segments_wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM segments WHERE followed_version IS NOT NULL) THEN
    PERFORM pg_notify('kobling_segments', '');
  END IF;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER segment_marks_wake AFTER INSERT ON segment_marks FOR EACH STATEMENT EXECUTE FUNCTION kobling_segments_wake();
