"""Money: what banks tell of accounts goes into the books, and what is to be paid goes to the bank.

The lookup table `bank_accounts` gives the journal of Odoo for each account of the hospital, as the bank writes it.
Suppliers are paid to the accounts that the pack `suppliers` has had confirmed.
"""

from hilum.formats.ubl_writing import TradeParty
from hilum.packs.finance.advice import Advice
from hilum.packs.finance.bank_orders import bank_answers, bank_orders, initiation_for, status_of
from hilum.packs.finance.comparisons import booked_payments, payments_in_odoo
from hilum.packs.finance.e_invoices import e_invoices, invoice_to_ubl
from hilum.packs.finance.gateway import gateway_events, told_by_gateway
from hilum.packs.finance.gateway_files import gateway_reports
from hilum.packs.finance.gateway_process import gateway_process
from hilum.packs.finance.gateway_rules import GatewayAccounts, GatewayRules
from hilum.packs.finance.notifications import bank_notifications
from hilum.packs.finance.owing import owed
from hilum.packs.finance.payment_rules import DebtorAccount, PaymentRules
from hilum.packs.finance.payment_run import payment_process
from hilum.packs.finance.payments import initiation_of
from hilum.packs.finance.remittances import remittances
from hilum.packs.finance.settlement import settlement_process, to_book
from hilum.packs.finance.statements import bank_statements, statement_of, transactions_of

__all__ = [
    "Advice",
    "DebtorAccount",
    "GatewayAccounts",
    "GatewayRules",
    "PaymentRules",
    "TradeParty",
    "bank_answers",
    "bank_notifications",
    "bank_orders",
    "bank_statements",
    "booked_payments",
    "e_invoices",
    "gateway_events",
    "gateway_process",
    "gateway_reports",
    "initiation_for",
    "initiation_of",
    "invoice_to_ubl",
    "owed",
    "payment_process",
    "payments_in_odoo",
    "remittances",
    "settlement_process",
    "statement_of",
    "status_of",
    "to_book",
    "told_by_gateway",
    "transactions_of",
]
