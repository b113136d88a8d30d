const copenhagen = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Copenhagen", dateStyle: "short" });

/** The date in Copenhagen, `YYYY-MM-DD`: what "today" means to a Danish company. */
export const todayOf = (now: Date): string => copenhagen.format(now);
