CREATE TABLE "informed" (
	"entity_id" uuid PRIMARY KEY NOT NULL,
	"informed_on" date NOT NULL,
	"how" text NOT NULL,
	"by" text NOT NULL,
	"at" timestamp with time zone NOT NULL
);
