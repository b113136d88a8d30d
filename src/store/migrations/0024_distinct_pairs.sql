CREATE TABLE "distinct_pairs" (
	"low_id" uuid NOT NULL,
	"high_id" uuid NOT NULL,
	"by" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "distinct_pairs_low_id_high_id_pk" PRIMARY KEY("low_id","high_id")
);
