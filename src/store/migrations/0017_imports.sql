CREATE TABLE "import_chunks" (
	"import_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"bytes" "bytea" NOT NULL,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "import_chunks_import_id_number_pk" PRIMARY KEY("import_id","number")
);
--> statement-breakpoint
CREATE TABLE "import_faults" (
	"import_id" uuid NOT NULL,
	"row" bigint NOT NULL,
	"place" integer NOT NULL,
	"line" bigint NOT NULL,
	"column" text NOT NULL,
	"code" text NOT NULL,
	"detail" text NOT NULL,
	CONSTRAINT "import_faults_import_id_row_place_pk" PRIMARY KEY("import_id","row","place")
);
--> statement-breakpoint
CREATE TABLE "import_rows" (
	"import_id" uuid NOT NULL,
	"external_id" text NOT NULL,
	"row" bigint NOT NULL,
	"line" bigint NOT NULL,
	CONSTRAINT "import_rows_import_id_external_id_pk" PRIMARY KEY("import_id","external_id")
);
--> statement-breakpoint
CREATE TABLE "imports" (
	"id" uuid PRIMARY KEY NOT NULL,
	"connection" text NOT NULL,
	"object" text NOT NULL,
	"file_name" text NOT NULL,
	"bytes" bigint NOT NULL,
	"sha256" text NOT NULL,
	"settings" json NOT NULL,
	"found" json NOT NULL,
	"preview_run" bigint,
	"run" bigint,
	"rows_done" bigint DEFAULT 0 NOT NULL,
	"by" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "imports_age" ON "imports" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "imports_run" ON "imports" USING btree ("run");