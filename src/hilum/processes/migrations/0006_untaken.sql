-- What lies at runs and nobody has taken, by which what a run left when it ended is found.
CREATE INDEX process_item_untaken ON process_item (process, run_id)
    WHERE step IS NULL AND kind = 'event' AND state IN ('matched', 'rung');
