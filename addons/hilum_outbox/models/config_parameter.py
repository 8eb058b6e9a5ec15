"""What is noted is a system parameter."""

from odoo import api, models

from .outbox import PARAMETER


class ConfigParameter(models.Model):
    """The system parameter `hilum_outbox.models` says which models are noted: a change of it holds at once."""

    _inherit = "ir.config_parameter"

    @api.model_create_multi
    def create(self, vals_list):
        """Let the triggers follow."""
        made = super().create(vals_list)
        if any(each.key == PARAMETER for each in made):
            self.env["hilum.outbox"].sudo()._watch_models()
        return made

    def write(self, vals):
        """Let the triggers follow, also where the key is changed to ours or away from it."""
        ours = any(each.key == PARAMETER for each in self)
        done = super().write(vals)
        if ours or vals.get("key") == PARAMETER:
            self.env["hilum.outbox"].sudo()._watch_models()
        return done

    def unlink(self):
        """Take the triggers away."""
        ours = any(each.key == PARAMETER for each in self)
        outbox = self.env["hilum.outbox"].sudo()
        done = super().unlink()
        if ours:
            outbox._watch_models()
        return done
