"""A small ORM with the behaviour of Odoo's: transactions, fields, domains, external ids, access."""
