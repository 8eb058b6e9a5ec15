"""Everything that the database does. No import of Odoo, so that it is tested on a bare PostgreSQL.

Why triggers: what the ORM recomputes, deletes by a cascade of the database, or a script writes with SQL passes by
`write` and `unlink`, but not by a trigger; and a trigger is the same on every version of Odoo. A note is a row of the
same transaction as the change: both are there, or neither.

Why the horizon: transactions end in another order than that in which they took their numbers. A reader that went by the
highest number it has seen would jump over one that is still open and commits later with a lower one. So a note is given
out only when its transaction is below the oldest one that is open (`txid_snapshot_xmin`): all with lower numbers have
ended then, and none can appear behind the reader. The notes of one record are in the order of their changes: Odoo works
with repeatable read, so a transaction that changes a row after another one has begun after that one's end, and has the
higher number.

A change of a line is a change of its document, which is what is noted: also where a line is deleted or moved away, when
nobody could ask any more to which document it belonged. The document and its lines give one note for each transaction.

A long transaction delays the notes (of all; also one of another database of the same server), and loses none. A
database that was restored on another server may hold numbers that are still to come there: they are from ended
transactions for sure, because they can be seen, so they are given out too.
"""

import re

# `xid` is no field of Odoo: its integers have 32 bits. At an upgrade of modules Odoo drops NOT NULL of columns that are
# no fields; the default stays, so there is always a number.
PREPARE = """
ALTER TABLE hilum_outbox ADD COLUMN IF NOT EXISTS xid bigint NOT NULL DEFAULT txid_current();
CREATE UNIQUE INDEX IF NOT EXISTS hilum_outbox_once ON hilum_outbox (xid, model, res_id);
CREATE OR REPLACE FUNCTION hilum_outbox_note() RETURNS trigger LANGUAGE plpgsql AS $note$
DECLARE
    number integer;
    what text;
    written timestamp;
    archived boolean := false;
BEGIN
    -- arguments: the model, then whether its table has the columns active and write_date
    IF TG_OP = 'DELETE' THEN
        DELETE FROM hilum_outbox
         WHERE xid = txid_current() AND model = TG_ARGV[0] AND res_id = OLD.id AND kind = 'created';
        IF FOUND THEN
            RETURN NULL;  -- made and deleted by one transaction: nobody has seen it
        END IF;
        number := OLD.id;
        what := 'deleted';
        IF TG_ARGV[2] = 'write_date' THEN written := OLD.write_date; END IF;
    ELSE
        number := NEW.id;
        what := CASE TG_OP WHEN 'INSERT' THEN 'created' ELSE 'changed' END;
        IF TG_ARGV[2] = 'write_date' THEN written := NEW.write_date; END IF;
        IF TG_ARGV[1] = 'active' THEN
            archived := NEW.active IS NOT TRUE;
            IF TG_OP = 'UPDATE' AND archived THEN
                IF OLD.active IS TRUE THEN what := 'archived'; END IF;
            END IF;
        END IF;
    END IF;
    INSERT INTO hilum_outbox AS noted (model, res_id, kind, record_date)
    VALUES (TG_ARGV[0], number, what, written)
    ON CONFLICT (xid, model, res_id) DO UPDATE SET
        record_date = excluded.record_date,
        kind = CASE
            WHEN noted.kind = 'created' THEN 'created'
            WHEN noted.kind = 'archived' AND excluded.kind = 'changed' AND archived THEN 'archived'
            ELSE excluded.kind END;
    RETURN NULL;
END $note$;
CREATE OR REPLACE FUNCTION hilum_outbox_line() RETURNS trigger LANGUAGE plpgsql AS $line$
DECLARE
    documents integer[] := ARRAY[]::integer[];
BEGIN
    -- arguments: the model of the document, and the column of the line that names it
    IF TG_OP <> 'INSERT' THEN documents := documents || (to_jsonb(OLD) ->> TG_ARGV[1])::integer; END IF;
    IF TG_OP <> 'DELETE' THEN documents := documents || (to_jsonb(NEW) ->> TG_ARGV[1])::integer; END IF;
    INSERT INTO hilum_outbox (model, res_id, kind, record_date)
    SELECT DISTINCT TG_ARGV[0], document, 'changed', now() AT TIME ZONE 'UTC'
      FROM unnest(documents) AS document WHERE document IS NOT NULL
    ON CONFLICT (xid, model, res_id) DO NOTHING;  -- the document itself is noted
    RETURN NULL;
END $line$;
"""

DROP_ALL = """
DROP FUNCTION IF EXISTS hilum_outbox_note() CASCADE;
DROP FUNCTION IF EXISTS hilum_outbox_line() CASCADE
"""

# By model of documents: the models of their lines, and the column that names the document.
LINES = {
    "account.move": {"account.move.line": "move_id"},
    "purchase.order": {"purchase.order.line": "order_id"},
    "purchase.requisition": {"purchase.requisition.line": "requisition_id"},
    "sale.order": {"sale.order.line": "order_id"},
    "stock.picking": {"stock.move": "picking_id", "stock.move.line": "picking_id"},
}

# The tables that have a trigger, with its name and its model.
WATCHED = """
SELECT tgname, relname, encode(tgargs, 'escape') FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
 WHERE tgname IN ('hilum_outbox_note', 'hilum_outbox_line') AND NOT tgisinternal
"""

# False after new files were put there and the module was not upgraded yet.
KNOWS_LINES = "SELECT to_regproc('hilum_outbox_line') IS NOT NULL"

NOTE = "hilum_outbox_note"
LINE = "hilum_outbox_line"

PULL = """
SELECT id, xid, model, res_id, kind, record_date FROM hilum_outbox
 WHERE model = ANY(%s) AND refusal IS NULL AND (xid, id) > (%s, %s)
   AND (xid < txid_snapshot_xmin(txid_current_snapshot()) OR xid >= txid_snapshot_xmax(txid_current_snapshot()))
 ORDER BY xid, id LIMIT %s
"""

ACKNOWLEDGE = "DELETE FROM hilum_outbox WHERE id = ANY(%s)"

REFUSE = "UPDATE hilum_outbox SET refusal = %s WHERE id = %s"

_NAME = re.compile(r"[a-z_][a-z0-9_]*\Z")
_MODEL = re.compile(r"[a-z_][a-z0-9_.]*\Z")


def watch(table, model, columns):
    """Put the trigger at a table. `columns`: the names of its columns."""
    active = "active" if "active" in columns else ""
    written = "write_date" if "write_date" in columns else ""
    return _watch(NOTE, table, model, active, written)


def watch_lines(table, document, column):
    """Put the trigger at a table of lines. `document`: its model; `column` names it."""
    if not _NAME.match(column):
        raise ValueError("no name of a column")
    return _watch(LINE, table, document, column)


def _watch(trigger, table, model, *arguments):
    unwatched = unwatch(table, trigger)
    if not _MODEL.match(model):
        raise ValueError("no name of a model")
    given = ", ".join(f"'{each}'" for each in (model, *arguments))
    return (
        f"{unwatched}; CREATE TRIGGER {trigger} AFTER INSERT OR UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {trigger}({given})"
    )


def unwatch(table, trigger=NOTE):
    """Take it away."""
    if not _NAME.match(table):
        raise ValueError("no name of a table")
    return f"DROP TRIGGER IF EXISTS {trigger} ON {table}"


def models_of(text):
    """The models that the system parameter names: `res.partner, product.product`."""
    return [each for each in re.split(r"[\s,;]+", text or "") if each]
