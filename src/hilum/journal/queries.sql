-- name: receive
-- Store what was gathered, in its order; those whose dedup key is there already are left out. What a
-- flow's filter leaves out is there without its body. Returns the stored ids.
WITH input AS (
    SELECT * FROM unnest(
        %(ids)s::uuid[], %(flows)s::text[], %(lanes)s::int2[], %(priorities)s::text[], %(keys)s::text[],
        %(dedup_keys)s::text[], %(dedup_hashes)s::uuid[], %(fingerprints)s::uuid[], %(correlations)s::text[],
        %(causes)s::uuid[], %(content_types)s::text[], %(headers)s::text[], %(sizes)s::int4[],
        %(codecs)s::int2[], %(bodies)s::bytea[], %(states)s::text[]
    ) WITH ORDINALITY AS t (id, flow, lane, priority, key, dedup_key, dedup_hash, fingerprint, correlation_id, cause_id,
        content_type, headers, size, codec, body, state, position)
), fresh AS (
    INSERT INTO dedup (flow, key, message_id, fingerprint)
    SELECT flow, dedup_hash, id, fingerprint FROM input WHERE dedup_hash IS NOT NULL ORDER BY flow, dedup_hash, position
    ON CONFLICT DO NOTHING
    RETURNING message_id
), new AS (
    SELECT * FROM input WHERE dedup_hash IS NULL OR id IN (SELECT message_id FROM fresh)
), bodies AS (
    INSERT INTO payload (id, ordinal, codec, body) SELECT id, -1, codec, body FROM new WHERE state <> 'discarded'
), counted AS (
    INSERT INTO tally (flow, state, entered, departed)
    SELECT flow, state, count(*), 0 FROM new GROUP BY 1, 2
    UNION ALL
    SELECT flow, 'filtered', count(*), 0 FROM new WHERE state = 'discarded' GROUP BY 1
    UNION ALL
    SELECT flow, 'duplicate', count(*), 0 FROM input WHERE id NOT IN (SELECT id FROM new) GROUP BY 1
    UNION ALL
    SELECT flow, 'open_kb', sum((size + 1023) / 1024), 0 FROM new WHERE state = 'received' GROUP BY 1
)
INSERT INTO message (id, flow, lane, work_lane, state, priority, key, dedup_key, correlation_id, cause_id,
    content_type, headers, size, received_at)
SELECT id, flow, lane, CASE WHEN state = 'received' THEN lane END, state::message_state,
    priority::priority, key, dedup_key, correlation_id, cause_id, content_type, headers::jsonb, size, now()
FROM new ORDER BY position
RETURNING id

-- name: first_of
-- The message that first came with each of these keys, and the fingerprint of its content; its repetitions are counted.
WITH input AS (
    SELECT * FROM unnest(%(flows)s::text[], %(hashes)s::uuid[], %(fingerprints)s::uuid[], %(peers)s::text[])
        WITH ORDINALITY AS t (flow, key, fingerprint, peer, position)
), firsts AS (
    SELECT flow, key, message_id, fingerprint FROM dedup WHERE (flow, key) IN (SELECT flow, key FROM input)
), counted AS (
    INSERT INTO duplicate (message_id, count, last_peer)
    SELECT f.message_id, count(*), (array_agg(i.peer ORDER BY i.position DESC))[1]
    FROM input i JOIN firsts f ON f.flow = i.flow AND f.key = i.key AND f.fingerprint = i.fingerprint
    GROUP BY 1 ORDER BY 1
    ON CONFLICT (message_id) DO UPDATE SET count = duplicate.count + excluded.count, last_at = now(),
        last_peer = excluded.last_peer
)
SELECT flow, key, message_id, fingerprint FROM firsts

-- name: take_received
-- The next messages to translate, in order. `head`: the message that blocks their key, if it is blocked. Last column:
-- an earlier translation of it did not end.
SELECT m.id, m.flow, m.seq, m.lane, m.key, m.dedup_key, m.content_type, m.headers, m.correlation_id, m.received_at,
    m.next_ordinal, b.message_id AS head, m.size, m.id = ANY(ARRAY(SELECT message_id FROM endless_translation))
FROM message m
LEFT JOIN blocked_key b ON m.key <> '' AND b.stage = 'translate:' || m.flow AND b.key = m.key
WHERE m.priority = %(priority)s::priority AND m.flow = ANY(%(flows)s) AND m.work_lane IS NOT NULL AND m.work_lane = ANY(%(lanes)s) AND m.id >= %(floor)s
ORDER BY m.seq LIMIT %(limit)s

-- name: bodies
-- Stored bodies.
SELECT id, ordinal, codec, body FROM payload
WHERE (id, ordinal) IN (SELECT * FROM unnest(%(ids)s::uuid[], %(ordinals)s::int2[]))

-- name: routed
-- Messages were translated: note it and write their deliveries, of those whose lane is still held. Returns their ids.
WITH held AS (
    SELECT l.lane FROM lane l JOIN unnest(%(lanes)s::int2[], %(epochs)s::int8[]) AS h (lane, epoch)
        ON l.lane = h.lane AND l.epoch = h.epoch
    WHERE l.holder = %(worker)s FOR SHARE OF l
), input AS (
    SELECT t.id, t.count, t.late, t.rules
    FROM unnest(%(ids)s::uuid[], %(of_lanes)s::int2[], %(counts)s::int4[], %(late)s::bool[], %(rules)s::text[])
        AS t (id, lane, count, late, rules)
    JOIN held h ON h.lane = t.lane
), done AS (
    UPDATE message m
    SET state = (CASE WHEN i.count = 0 THEN 'completed' ELSE 'routed' END)::message_state, work_lane = NULL,
        open_deliveries = m.open_deliveries + i.count, next_ordinal = m.next_ordinal + i.count, state_at = now(),
        rules = i.rules::jsonb
    FROM input i
    WHERE m.id = i.id AND m.work_lane IS NOT NULL AND m.state = 'received'
    RETURNING m.id, m.seq, m.flow, m.lane, m.key, m.priority, m.correlation_id, m.size, i.count, i.late
), deliveries AS (
    INSERT INTO delivery (message_id, ordinal, seq, flow, destination, operation, lane, work_lane, key, priority,
        idempotency_key, content_type, headers, correlation_id)
    SELECT d.id, t.ordinal, d.seq, d.flow,
        t.destination, t.operation, d.lane, d.lane, d.key, d.priority, t.idempotency_key, t.content_type, t.headers::jsonb,
        d.correlation_id
    FROM unnest(%(d_ids)s::uuid[], %(d_ordinals)s::int2[], %(d_destinations)s::text[],
        %(d_operations)s::text[], %(d_idempotency)s::text[], %(d_content_types)s::text[], %(d_headers)s::text[])
        WITH ORDINALITY AS t (id, ordinal, destination, operation, idempotency_key, content_type, headers, position)
    JOIN done d ON d.id = t.id
    ORDER BY t.position
    RETURNING flow, destination
), bodies AS (
    INSERT INTO payload (id, ordinal, codec, body)
    SELECT t.id, t.ordinal, t.codec, t.body
    FROM unnest(%(d_ids)s::uuid[], %(d_ordinals)s::int2[], %(d_codecs)s::int2[], %(d_bodies)s::bytea[])
        AS t (id, ordinal, codec, body)
    WHERE t.id IN (SELECT id FROM done)
), found AS (
    INSERT INTO identifier (value, message_id)
    SELECT t.value, t.id FROM unnest(%(i_values)s::text[], %(i_ids)s::uuid[]) AS t (value, id)
    WHERE t.id IN (SELECT id FROM done)
), counted AS (
    INSERT INTO tally (flow, destination, state, entered, departed)
    SELECT flow, '', 'received', 0, count(*) FROM done GROUP BY flow
    UNION ALL
    SELECT flow, '', CASE WHEN count = 0 THEN 'completed' ELSE 'routed' END, count(*), 0 FROM done GROUP BY 1, 3
    UNION ALL
    SELECT flow, '', 'late', count(*), 0 FROM done WHERE count = 0 AND late GROUP BY 1
    UNION ALL
    SELECT flow, destination, 'pending', count(*), 0 FROM deliveries GROUP BY 1, 2
    UNION ALL
    SELECT flow, '', 'open_kb', 0, sum((size + 1023) / 1024) FROM done WHERE count = 0 GROUP BY 1
)
SELECT id FROM done

-- name: take_deliveries
-- The next pending deliveries to a destination, of each priority in its order, after the place that it was read to.
-- Last column: see `rewind`.
SELECT d.*, (SELECT count FROM rewind WHERE stage = %(destination)s)
FROM unnest(%(priorities)s::text[], %(after_seqs)s::int8[], %(after_ordinals)s::int2[], %(limits)s::int4[])
    WITH ORDINALITY AS s (priority, after_seq, after_ordinal, amount, position)
CROSS JOIN LATERAL (
    SELECT d.message_id, d.ordinal, d.seq, d.lane, d.flow, d.operation, d.key, d.idempotency_key, d.content_type,
        d.headers, d.correlation_id, d.attempts, b.message_id AS head_id, b.ordinal AS head_ordinal,
        d.work_lane IS NULL AS waiting, d.priority::text
    FROM delivery d
    LEFT JOIN LATERAL (  -- one look by its index for each: never a scan, however many keys are blocked
        SELECT message_id, ordinal FROM blocked_key WHERE d.key <> '' AND stage = d.destination AND key = d.key LIMIT 1
    ) b ON true
    WHERE d.destination = %(destination)s AND d.priority = s.priority::priority AND d.work_lane IS NOT NULL
        AND d.work_lane = ANY(%(lanes)s) AND d.message_id >= %(floor)s
        AND (d.seq, d.ordinal) > (s.after_seq, s.after_ordinal)
    ORDER BY d.seq, d.ordinal LIMIT s.amount
) d

-- name: take_due
-- Waiting deliveries whose time has come, of each priority.
SELECT d.*
FROM unnest(%(priorities)s::text[], %(limits)s::int4[]) WITH ORDINALITY AS s (priority, amount, position)
CROSS JOIN LATERAL (
    SELECT d.message_id, d.ordinal, d.seq, d.lane, d.flow, d.operation, d.key, d.idempotency_key, d.content_type,
        d.headers, d.correlation_id, d.attempts, NULL::uuid AS head_id, NULL::int2 AS head_ordinal, true AS waiting,
        d.priority::text
    FROM delivery d
    WHERE d.destination = %(destination)s AND d.priority = s.priority::priority AND d.next_at <= now()
        AND d.lane = ANY(%(lanes)s) AND d.message_id >= %(floor)s
    ORDER BY d.next_at LIMIT s.amount
) d

-- name: with_work
-- Of these priorities, those with messages to translate; of these destinations, those with anything pending, or waiting
-- whose time has come; in whosever lanes.
SELECT true AS translate, p.priority::text AS name FROM unnest(%(priorities)s::text[]::priority[]) AS p (priority)
CROSS JOIN LATERAL (
    SELECT 1 FROM message m WHERE m.priority = p.priority AND m.work_lane IS NOT NULL AND m.id >= %(floor)s
    ORDER BY m.seq LIMIT 1
) received
UNION ALL
SELECT false, w.name FROM unnest(%(destinations)s::text[]) AS w (name)
WHERE EXISTS (
    SELECT 1 FROM unnest(enum_range(NULL::priority)) AS p (priority)
    CROSS JOIN LATERAL (
        SELECT 1 FROM delivery d WHERE d.destination = w.name AND d.priority = p.priority AND d.work_lane IS NOT NULL
            AND d.message_id >= %(floor)s
        ORDER BY d.seq LIMIT 1
    ) pending
) OR EXISTS (
    SELECT 1 FROM unnest(enum_range(NULL::priority)) AS p (priority)
    CROSS JOIN LATERAL (
        SELECT 1 FROM delivery d WHERE d.destination = w.name AND d.priority = p.priority AND d.next_at <= now()
            AND d.message_id >= %(floor)s
        ORDER BY d.next_at LIMIT 1
    ) due
)

-- name: delivered
-- Destinations have taken these: note those whose lane is still held, and complete the messages that have nothing left.
WITH held AS (
    SELECT l.lane FROM lane l JOIN unnest(%(lanes)s::int2[], %(epochs)s::int8[]) AS h (lane, epoch)
        ON l.lane = h.lane AND l.epoch = h.epoch
    WHERE l.holder = %(worker)s FOR SHARE OF l
), input AS (
    SELECT t.* FROM unnest(%(ids)s::uuid[], %(ordinals)s::int2[], %(of_lanes)s::int2[], %(attempts)s::int4[],
        %(references)s::text[], %(words)s::text[], %(waiting)s::bool[], %(late)s::bool[])
        AS t (id, ordinal, lane, attempts, reference, words, waiting, late)
    JOIN held h ON h.lane = t.lane
), noted AS (
    UPDATE delivery d
    SET state = 'delivered', work_lane = NULL, next_at = NULL, attempts = i.attempts, reference = i.reference,
        words = i.words, state_at = now()
    FROM input i
    WHERE d.message_id = i.id AND d.ordinal = i.ordinal AND (d.work_lane IS NULL) = i.waiting
        AND d.state = (CASE WHEN i.waiting THEN 'waiting' ELSE 'pending' END)::delivery_state
    RETURNING d.message_id, d.ordinal, d.flow, d.destination, i.attempts, i.waiting, i.late
), done AS (
    UPDATE message m
    SET open_deliveries = m.open_deliveries - n.count,
        state = CASE WHEN m.open_deliveries = n.count AND m.state = 'routed' THEN 'completed' ELSE m.state END,
        state_at = CASE WHEN m.open_deliveries = n.count THEN now() ELSE m.state_at END
    FROM (
        SELECT l.id, c.count, c.late
        FROM (SELECT message_id, count(*)::int AS count, bool_or(late) AS late FROM noted GROUP BY 1) c
        JOIN message l ON l.id = c.message_id
        ORDER BY l.id FOR NO KEY UPDATE OF l
    ) n
    WHERE m.id = n.id
    RETURNING m.id, m.flow, m.state, m.size, n.late
), retried AS (
    INSERT INTO attempt (message_id, ordinal, number, outcome, words, worker)
    SELECT n.message_id, n.ordinal, n.attempts, 'delivered', i.words, %(worker_name)s
    FROM noted n JOIN input i ON i.id = n.message_id AND i.ordinal = n.ordinal WHERE n.attempts > 1
), counted AS (
    INSERT INTO tally (flow, destination, state, entered, departed)
    SELECT flow, destination, CASE WHEN waiting THEN 'waiting' ELSE 'pending' END, 0, count(*)
    FROM noted GROUP BY 1, 2, 3
    UNION ALL
    SELECT flow, destination, 'delivered', count(*), 0 FROM noted GROUP BY 1, 2
    UNION ALL
    SELECT flow, '', 'completed', count(*), 0 FROM done WHERE state = 'completed' GROUP BY 1
    UNION ALL
    SELECT flow, '', 'late', count(*), 0 FROM done WHERE state = 'completed' AND late GROUP BY 1
    UNION ALL
    SELECT flow, '', 'routed', 0, count(*) FROM done WHERE state = 'completed' GROUP BY 1
    UNION ALL
    SELECT flow, '', 'open_kb', 0, sum((size + 1023) / 1024) FROM done WHERE state = 'completed' GROUP BY 1
)
SELECT n.message_id, n.ordinal, n.message_id IN (SELECT id FROM done WHERE state = 'completed') FROM noted n

-- name: park_messages
-- Messages behind a blocked key leave the work until it goes on.
WITH input AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(stages)s::text[], %(keys)s::text[]) AS t (id, stage, key)
), heads AS (
    SELECT b.stage, b.key FROM blocked_key b
    WHERE (b.stage, b.key) IN (SELECT stage, key FROM input) ORDER BY b.stage COLLATE "C", b.key COLLATE "C" FOR SHARE
), parked AS (
    INSERT INTO parked (stage, key, message_id, ordinal)
    SELECT i.stage, i.key, i.id, -1 FROM input i
    WHERE (i.stage, i.key) IN (SELECT stage, key FROM heads)
    ON CONFLICT DO NOTHING
    RETURNING message_id
)
UPDATE message m SET work_lane = NULL FROM parked p WHERE m.id = p.message_id AND m.state = 'received'

-- name: park_deliveries
-- Deliveries behind a blocked key leave the work until it goes on.
WITH input AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(ordinals)s::int2[], %(keys)s::text[]) AS t (id, ordinal, key)
), heads AS (
    SELECT b.key FROM blocked_key b
    WHERE b.stage = %(destination)s AND b.key IN (SELECT key FROM input) ORDER BY b.key COLLATE "C" FOR SHARE
), parked AS (
    INSERT INTO parked (stage, key, message_id, ordinal)
    SELECT %(destination)s, i.key, i.id, i.ordinal FROM input i WHERE i.key IN (SELECT key FROM heads)
    ON CONFLICT DO NOTHING
    RETURNING message_id, ordinal
), done AS (
    UPDATE delivery d SET work_lane = NULL, state = 'waiting', state_at = now()
    FROM parked p WHERE d.message_id = p.message_id AND d.ordinal = p.ordinal AND d.state = 'pending'
    RETURNING d.flow
)
INSERT INTO tally (flow, destination, state, entered, departed)
SELECT flow, %(destination)s, 'pending', 0, count(*) FROM done GROUP BY 1
UNION ALL
SELECT flow, %(destination)s, 'waiting', count(*), 0 FROM done GROUP BY 1

-- name: block
-- From now on this one blocks its key at this stage.
INSERT INTO blocked_key (stage, key, message_id, ordinal)
VALUES (%(stage)s, %(key)s, %(id)s, %(ordinal)s)
ON CONFLICT (stage, key) DO NOTHING

-- name: lock_heads
-- Nobody parks behind these heads from now on until the transaction ends. All are locked before anything else, in the
-- order in which parking locks them: two that lock the same ones in turn would wait for each other.
SELECT 1 FROM blocked_key
WHERE stage = %(stage)s AND (key, message_id, ordinal) IN
    (SELECT * FROM unnest(%(keys)s::text[], %(ids)s::uuid[], %(ordinals)s::int2[]))
ORDER BY stage COLLATE "C", key COLLATE "C" FOR UPDATE

-- name: unblock
-- The heads have gone on: their keys go on.
WITH gone AS (
    DELETE FROM blocked_key
    WHERE stage = %(stage)s AND (key, message_id, ordinal) IN
        (SELECT * FROM unnest(%(keys)s::text[], %(ids)s::uuid[], %(ordinals)s::int2[]))
    RETURNING stage, key
), freed AS (
    DELETE FROM parked p USING gone g WHERE p.stage = g.stage AND p.key = g.key RETURNING p.message_id, p.ordinal
), messages AS (
    UPDATE message m SET work_lane = m.lane
    FROM freed f WHERE f.ordinal < 0 AND m.id = f.message_id AND m.state = 'received'
), deliveries AS (
    UPDATE delivery d SET work_lane = d.lane, state = 'pending', state_at = now()
    FROM freed f WHERE f.ordinal >= 0 AND d.message_id = f.message_id AND d.ordinal = f.ordinal
        AND d.state = 'waiting' AND d.next_at IS NULL
    RETURNING d.flow, d.destination
), back AS (
    INSERT INTO rewind (stage, count) SELECT DISTINCT destination, 1 FROM deliveries
    ON CONFLICT (stage) DO UPDATE SET count = rewind.count + 1
)
INSERT INTO tally (flow, destination, state, entered, departed)
SELECT flow, destination, 'waiting', 0, count(*) FROM deliveries GROUP BY 1, 2
UNION ALL
SELECT flow, destination, 'pending', count(*), 0 FROM deliveries GROUP BY 1, 2

-- name: fence
-- Are these lanes still held with these epochs? Locks them so that they cannot be taken before the commit.
SELECT 1 FROM lane l JOIN unnest(%(lanes)s::int2[], %(epochs)s::int8[]) AS h (lane, epoch)
    ON l.lane = h.lane AND l.epoch = h.epoch
WHERE l.holder = %(worker)s FOR SHARE OF l

-- name: move_message
-- A message enters another state; nothing happens unless it is in one of the named ones.
WITH before AS (
    SELECT id, state, flow, size FROM message
    WHERE id = %(id)s AND state = ANY(%(from)s::message_state[]) FOR NO KEY UPDATE
), done AS (
    UPDATE message m SET state = %(to)s::message_state, state_at = now(),
        work_lane = CASE WHEN %(to)s = 'received' THEN m.lane END
    FROM before b WHERE m.id = b.id
)
, counted AS (
    INSERT INTO tally (flow, state, entered, departed)
    SELECT flow, state::text, 0, 1 FROM before UNION ALL SELECT flow, %(to)s::text, 1, 0 FROM before
    UNION ALL
    SELECT flow, 'open_kb', CASE WHEN %(to)s::text IN ('received', 'routed') THEN (size + 1023) / 1024 ELSE 0 END,
        CASE WHEN state IN ('received', 'routed') THEN (size + 1023) / 1024 ELSE 0 END
    FROM before WHERE (state IN ('received', 'routed')) <> (%(to)s::text IN ('received', 'routed'))
)
SELECT state FROM before

-- name: move_delivery
-- A delivery enters another state; nothing happens unless it is in one of the named ones.
WITH before AS (
    SELECT message_id, ordinal, state, flow, destination FROM delivery
    WHERE message_id = %(id)s AND ordinal = %(ordinal)s AND state = ANY(%(from)s::delivery_state[])
    FOR NO KEY UPDATE
), done AS (
    UPDATE delivery d SET state = %(to)s::delivery_state, state_at = now(), next_at = now() + %(next_in)s::interval,
        attempts = COALESCE(%(attempts)s, d.attempts), words = COALESCE(%(words)s, d.words),
        work_lane = CASE WHEN %(to)s = 'pending' THEN d.lane END
    FROM before b WHERE d.message_id = b.message_id AND d.ordinal = b.ordinal
), counted AS (
    INSERT INTO tally (flow, destination, state, entered, departed)
    SELECT flow, destination, state::text, 0, 1 FROM before
    UNION ALL SELECT flow, destination, %(to)s::text, 1, 0 FROM before
)
SELECT state FROM before

-- name: settle_message
-- One delivery of a message was cancelled, or `count` came anew: the message is completed when nothing is open.
WITH before AS (
    SELECT id, state, flow, size, open_deliveries + %(count)s AS open
    FROM message WHERE id = %(id)s FOR NO KEY UPDATE
), after AS (
    SELECT id, flow, size, state AS was, open,
        (CASE WHEN state IN ('routed', 'completed') THEN CASE WHEN open = 0 THEN 'completed' ELSE 'routed' END
            ELSE state::text END)::message_state AS state
    FROM before
), done AS (
    UPDATE message m SET open_deliveries = a.open, state = a.state,
        state_at = CASE WHEN a.state <> a.was THEN now() ELSE m.state_at END
    FROM after a WHERE m.id = a.id
), counted AS (
    INSERT INTO tally (flow, state, entered, departed)
    SELECT flow, was::text, 0, 1 FROM after WHERE state <> was
    UNION ALL SELECT flow, state::text, 1, 0 FROM after WHERE state <> was
    UNION ALL SELECT flow, 'open_kb', CASE WHEN state = 'routed' THEN (size + 1023) / 1024 ELSE 0 END,
        CASE WHEN was = 'routed' THEN (size + 1023) / 1024 ELSE 0 END
    FROM after WHERE state <> was
)
SELECT state FROM after

-- name: intend
-- Notes what the next call is to do, and tells which of it an earlier call left open; that keeps the time it began.
WITH wanted AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(ordinals)s::int2[], %(effects)s::text[], %(attempts)s::int4[])
        AS w(message_id, ordinal, effect, attempt)
), before AS (
    SELECT i.message_id, i.ordinal FROM wanted w JOIN intent i USING (message_id, ordinal) WHERE i.state = 'open'
), noted AS (
    INSERT INTO intent AS i (message_id, ordinal, destination, effect, attempt, worker_id, worker)
    SELECT message_id, ordinal, %(destination)s, effect, attempt, %(worker_id)s, %(worker)s FROM wanted
    ON CONFLICT (message_id, ordinal) DO UPDATE SET
        destination = excluded.destination, effect = excluded.effect, attempt = excluded.attempt,
        worker_id = excluded.worker_id, worker = excluded.worker, state = 'open', settled_at = NULL,
        begun_at = CASE WHEN i.state = 'open' THEN i.begun_at ELSE now() END
)
SELECT message_id, ordinal FROM before

-- name: intents_asked
-- Adds an answer to the proof of each; those that did not land may begin anew.
UPDATE intent i SET
    proof = coalesce(i.proof, '[]') || (a.proof::jsonb || jsonb_build_object('at', now(), 'begun', i.begun_at)),
    begun_at = CASE WHEN a.again THEN now() ELSE i.begun_at END
FROM unnest(%(ids)s::uuid[], %(ordinals)s::int2[], %(proofs)s::text[], %(again)s::bool[])
    AS a(message_id, ordinal, proof, again)
WHERE i.message_id = a.message_id AND i.ordinal = a.ordinal

-- name: intents_answered
-- Of these it is known what became of them. The delivery itself says so; only what has a proof stays here too.
WITH known AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(ordinals)s::int2[]) AS k(message_id, ordinal)
), gone AS (
    DELETE FROM intent i USING known k
    WHERE i.message_id = k.message_id AND i.ordinal = k.ordinal AND i.proof IS NULL
)
UPDATE intent i SET state = %(state)s, unsure = false, settled_at = now()
FROM known k WHERE i.message_id = k.message_id AND i.ordinal = k.ordinal AND i.proof IS NOT NULL

-- name: intents_unknown
-- Open ones for which no live worker waits, of deliveries that are not settled otherwise.
SELECT i.destination, count(*) FROM intent i
LEFT JOIN worker w ON w.id = i.worker_id AND w.seen_at > now() - make_interval(secs => %(alive)s)
JOIN delivery d ON d.message_id = i.message_id AND d.ordinal = i.ordinal
WHERE i.state = 'open' AND (i.unsure OR w.id IS NULL) AND d.state NOT IN ('delivered', 'cancelled')
GROUP BY 1
