"""Money: what banks tell of accounts goes into the books, and what is to be paid goes to the bank.

The lookup table `bank_accounts` gives the journal of Odoo for each account of the hospital, as the bank writes it.
"""

from hilum.packs.finance.payments import initiation_of
from hilum.packs.finance.statements import bank_statements, statement_of, transactions_of

__all__ = ["bank_statements", "initiation_of", "statement_of", "transactions_of"]
