CREATE TABLE "guards" (
	"connection" text NOT NULL,
	"object" text NOT NULL,
	"direction" text NOT NULL,
	"counts" json,
	"approved" json,
	"dismissed" json,
	"granted" json,
	"granted_until" timestamp with time zone,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "guards_connection_object_direction_pk" PRIMARY KEY("connection","object","direction")
);
