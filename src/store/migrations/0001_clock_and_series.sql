-- Time in SQL is read through this function (sync-rules R35); a test sets the row `clock` of `installation`.
CREATE FUNCTION kobling_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
  SELECT coalesce((SELECT value::timestamptz FROM installation WHERE key = 'clock'), clock_timestamp())
$$;
--> statement-breakpoint
CREATE SEQUENCE kontonummer_series START 100001;
--> statement-breakpoint
INSERT INTO installation (key, value) VALUES ('feed_epoch', '1');
