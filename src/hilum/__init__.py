"""Hilum: the place where everything that a hospital's Odoo needs enters and leaves it."""

__version__ = "0.1.0"
