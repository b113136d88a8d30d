CREATE TABLE "exchange_files" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "exchange_files_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"connection" text NOT NULL,
	"object" text NOT NULL,
	"direction" text NOT NULL,
	"name" text NOT NULL,
	"state" text NOT NULL,
	"rows" integer NOT NULL,
	"faults" integer NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"answered_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "exchange_rows" (
	"delivery_id" bigint PRIMARY KEY NOT NULL,
	"file_id" bigint NOT NULL,
	"line" integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX "exchange_files_name" ON "exchange_files" USING btree ("connection","name");--> statement-breakpoint
CREATE INDEX "exchange_files_age" ON "exchange_files" USING btree ("at");--> statement-breakpoint
CREATE INDEX "exchange_rows_file" ON "exchange_rows" USING btree ("file_id");