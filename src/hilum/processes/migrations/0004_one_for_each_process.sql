-- One object may be for several processes: what was told before is told before to that process only.
ALTER TABLE process_item DROP CONSTRAINT process_item_dedup_key;
CREATE UNIQUE INDEX process_item_dedup ON process_item (process, dedup);
