CREATE TABLE "directory_spending" (
	"connection" text NOT NULL,
	"day" date NOT NULL,
	"calls" integer NOT NULL,
	"cost" numeric NOT NULL,
	"kinds" jsonb NOT NULL,
	CONSTRAINT "directory_spending_connection_day_pk" PRIMARY KEY("connection","day")
);
