import { timestamp } from "drizzle-orm/pg-core";

/** A column for an instant: with its zone, as text in the program. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: "string" });
