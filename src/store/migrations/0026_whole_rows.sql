-- Rows of some 2 KB that are written again and again: compressing a value of them, or moving it to a table of its own, costs
-- more than the room it saves. Long texts still move: when a row would not fit a page.
ALTER TABLE "links" SET (toast_tuple_target = 8160);--> statement-breakpoint
ALTER TABLE "kundeemner" SET (toast_tuple_target = 8160);
