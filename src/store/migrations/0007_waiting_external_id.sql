DROP INDEX "changes_waiting_object";--> statement-breakpoint
CREATE INDEX "changes_waiting_object" ON "changes" USING btree ("external_id") WHERE state = 'received';