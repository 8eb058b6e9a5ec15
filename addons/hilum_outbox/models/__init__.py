"""The outbox, and the parameter that says what is noted."""

from . import config_parameter, outbox
