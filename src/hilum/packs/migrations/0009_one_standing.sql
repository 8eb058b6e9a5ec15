-- One record of how suppliers stand, written by onboarding too. What onboarding knew before comes in: the stricter counts.
ALTER TABLE supplier_standing RENAME COLUMN message_id TO said_by;   -- the message or the step: of two, the later counts
ALTER TABLE supplier_screening RENAME COLUMN message_id TO said_by;

CREATE TEMPORARY TABLE taken_in ON COMMIT DROP AS
    SELECT DISTINCT ON (r.supplier) r.supplier, r.registration, p.id AS run, p.status = 'cancelled' AS cancelled,
           p.state = 'blocked' OR p.status = 'cancelled' AS blocked
    FROM supplier_register r JOIN process_run p ON p.process = 'suppliers.onboarding' AND p.key = r.registration
    WHERE p.state IN ('active', 'blocked') AND (r.open OR p.status = 'cancelled')
    ORDER BY r.supplier, p.id DESC;

INSERT INTO supplier_standing AS s (supplier, blocked, reason, said_by)
SELECT supplier, blocked,
       CASE WHEN cancelled THEN 'Its registration was cancelled.' WHEN blocked THEN 'Its onboarding has blocked it.' ELSE '' END,
       run
FROM taken_in
ON CONFLICT (supplier) DO UPDATE SET blocked = true, reason = excluded.reason WHERE excluded.blocked AND NOT s.blocked;

INSERT INTO supplier_screening (supplier, list_name, outcome, said_by)
SELECT t.supplier, l.list,
       CASE WHEN EXISTS (SELECT FROM screening_verdict v
                         WHERE v.registration = t.registration AND v.list = l.list AND v.same) THEN 'listed'
            WHEN EXISTS (SELECT FROM process_task k WHERE k.run_id = t.run AND k.decided_at IS NULL
                         AND k.withdrawn_at IS NULL) THEN 'possible'
            ELSE 'clear' END,
       t.run
FROM taken_in t CROSS JOIN (SELECT DISTINCT list FROM screening_list) l
ON CONFLICT DO NOTHING;
