"""The outbox as the hub sees it."""

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..statements import (
    ACKNOWLEDGE,
    KNOWS_LINES,
    LINE,
    LINES,
    NOTE,
    PREPARE,
    PULL,
    REFUSE,
    WATCHED,
    models_of,
    unwatch,
    watch,
    watch_lines,
)

PARAMETER = "hilum_outbox.models"
GROUP = "hilum_outbox.group_hub"


class HilumOutbox(models.Model):
    """One change of one record by one transaction, until the hub has it. Rows are written by triggers only."""

    _name = "hilum.outbox"
    _description = "Change noted for the integration hub"
    _log_access = False
    _order = "id"

    model = fields.Char(required=True)
    res_id = fields.Integer(string="Record ID", required=True)
    kind = fields.Char(required=True, help="created, changed, archived or deleted")
    record_date = fields.Datetime(string="Written", help="The write_date of the record")
    refusal = fields.Char(string="Refused", help="Why the hub will never take this one")

    def init(self):
        """At installation and each upgrade of the module."""
        super().init()
        self.env.cr.execute(PREPARE)

    def _register_hook(self):
        """At each start: a model may have come or gone with its module."""
        super()._register_hook()
        self._watch_models()

    @api.model
    def _watch_models(self):
        """Let the triggers be at the tables of the models that the system parameter names, and of their lines."""
        text = self.env["ir.config_parameter"].sudo().get_param(PARAMETER)
        cursor = self.env.cr
        wanted = self._wanted(models_of(text))
        cursor.execute(WATCHED)
        there = {(trigger, table): arguments.split("\\000")[0] for trigger, table, arguments in cursor.fetchall()}
        for trigger, table in sorted(set(there) - set(wanted)):
            cursor.execute(unwatch(table, trigger))
        for (trigger, table), (name, column) in sorted(wanted.items()):
            if there.get((trigger, table)) == name:
                continue
            cursor.execute(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_schema = current_schema AND table_name = %s",
                [table],
            )
            columns = {row[0] for row in cursor.fetchall()}
            if trigger == NOTE:
                cursor.execute(watch(table, name, columns))
            elif column in columns:
                cursor.execute(watch_lines(table, name, column))

    @api.model
    def _wanted(self, names):
        """By trigger and table: the model that is noted and, of lines, the column that names their document."""
        self.env.cr.execute(KNOWS_LINES)
        (knows_lines,) = self.env.cr.fetchone()
        wanted = {}
        for name in names:
            table = self._table_of(name)
            if not table:
                continue
            wanted[NOTE, table] = (name, None)
            for line, column in LINES.get(name, {}).items() if knows_lines else ():
                lines = self._table_of(line)
                if lines:
                    wanted[LINE, lines] = (name, column)
        return wanted

    @api.model
    def _table_of(self, name):
        """The table of a model, if it keeps its records in one."""
        model = self.env.get(name)
        kept = model is not None and model._auto and not model._abstract and not model._transient
        return model._table if kept else None

    @api.model
    def pull(self, models, limit, after):
        """Notes of these models behind the place `after` (transaction, note), in their order, at most `limit`.

        Only of transactions that no open one can come before: see `statements`.
        """
        self._check_hub()
        self.env.cr.execute(PULL, [list(models), int(after[0]), int(after[1]), int(limit)])
        return [
            {
                "id": number,
                "xid": xid,
                "model": model,
                "res_id": res_id,
                "kind": kind,
                "write_date": fields.Datetime.to_string(written) if written else False,
            }
            for number, xid, model, res_id, kind, written in self.env.cr.fetchall()
        ]

    @api.model
    def acknowledge(self, notes):
        """The hub has these: they are purged."""
        self._check_hub()
        self.env.cr.execute(ACKNOWLEDGE, [[int(each) for each in notes]])
        return True

    @api.model
    def refuse(self, note, words):
        """The hub will never take this one: it stays, with the reason, until a person deletes it."""
        self._check_hub()
        self.env.cr.execute(REFUSE, [str(words), int(note)])
        return True

    @api.model
    def _check_hub(self):
        if not self.env.user.has_group(GROUP):
            raise AccessError("Only the integration hub may do this.")
