"""Names of the codes that matter in the supply chain. Every other code of the standard passes through as it is."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Purpose(StrEnum):
    """Transaction set purpose, data element 353."""

    ORIGINAL = "00"
    CANCELLATION = "01"
    ADD = "02"
    DELETE = "03"
    CHANGE = "04"
    REPLACE = "05"
    CONFIRMATION = "06"
    DUPLICATE = "07"
    BY_SELLER = "19"  # seller initiated change
    INFORMATION = "22"


class AnswerType(StrEnum):
    """Acknowledgement type, data element 587: how an order as a whole is answered."""

    WITH_CHANGES = "AC"  # with detail and change
    WITHOUT_CHANGES = "AD"  # with detail, no change
    ACKNOWLEDGED = "AK"  # no detail or change
    ACCEPTED = "AT"
    EXCEPTIONS = "AE"  # with detail of the exceptions only
    ON_HOLD = "AH"
    REJECTED_WITH_DETAIL = "RD"
    REJECTED_WITH_EXCEPTIONS = "RF"  # with detail of the exceptions only
    REJECTED = "RJ"  # no detail
    REJECTED_NOT_AS_AGREED = "RN"
    COUNTER_OFFER = "RO"
    REJECTED_BY_PRACTICE = "RV"  # violates the practices of the industry


class LineStatus(StrEnum):
    """Line item status, data element 668."""

    ACCEPTED = "IA"
    FORWARDED = "AA"  # accepted, forwarded to another location of the supplier
    SHIPPED = "AC"  # accepted and shipped
    BACKORDERED = "IB"
    CHANGED = "IC"
    DELETED = "ID"
    PRICE_PENDING = "IE"
    ON_HOLD = "IH"
    ON_HOLD_DESCRIPTION = "IF"  # its description is not complete
    ON_HOLD_WAIVER = "IW"  # a waiver is needed
    DATE_PENDING = "SP"  # accepted, its day is pending
    PRICE_CHANGED = "IP"
    QUANTITY_CHANGED = "IQ"
    REJECTED = "IR"
    SUBSTITUTED = "IS"
    PARTLY_BACKORDERED = "BP"  # accepted, partial shipment, balance backordered
    RESCHEDULED = "DR"
    RELEASED = "AR"  # accepted and released for shipment


class ChangeCode(StrEnum):
    """Change or response type, data element 670."""

    ADD = "AI"
    CANCEL_ORDER = "CF"
    CHANGE = "CA"
    DATES = "CT"
    DELETE = "DI"
    NO_CHANGE = "NC"
    PRICE = "PC"
    PRICE_AND_QUANTITY = "PQ"
    LESS = "QD"
    MORE = "QI"
    REJECT_CHANGE = "RC"
    REPLACEMENT_ITEM = "RE"
    RESCHEDULE = "RS"
    REPLACE_ALL_VALUES = "RZ"


class Entity(StrEnum):
    """Who a party is, data element 98."""

    BUYER = "BY"
    BILL_TO = "BT"
    SHIP_TO = "ST"
    SHIP_FROM = "SF"
    SUPPLIER = "SU"
    SELLER = "SE"
    VENDOR = "VN"
    REMIT_TO = "RE"
    PAYER = "PR"
    PAYEE = "PE"
    DISTRIBUTOR = "DS"
    MANUFACTURER = "MF"
    ULTIMATE_CONSIGNEE = "UC"


class ContractState(StrEnum):
    """Contract status, data element 846."""

    AWARDED = "CA"
    CANCELLED = "CC"
    CLOSED = "CL"
    MODIFIED = "CM"
    RENEWED = "CR"
    DELETED = "DL"
    EXPIRED = "EX"
    SUSPENDED = "GS"
    ON_HOLD = "HO"
    INACTIVE = "IA"
    ORIGINAL = "OC"
    PENDING = "PB"
    PROPOSED = "PR"
    REOPENED = "RO"
    STANDARD = "SC"
    TERMINATED = "TA"
    VALID = "VA"


class ItemId(StrEnum):
    """Kind of product identifier, data element 235."""

    BUYERS_ITEM = "IN"
    BUYERS_PART = "BP"
    BUYERS_ORDER_LINE = "PL"
    VENDORS_ITEM = "VN"
    VENDORS_PART = "VP"
    VENDORS_CATALOGUE = "VC"
    MANUFACTURERS_PART = "MG"
    MANUFACTURER = "MF"
    UPC = "UP"
    GTIN = "UK"
    EAN = "EN"
    EAN8 = "EO"
    HIBC = "HI"
    NDC = "N4"
    LOT = "LT"
    SERIAL = "SN"


class Dates:
    """What a date is, data element 374."""

    DELIVERY_REQUESTED: Final = "002"
    INVOICE: Final = "003"
    EFFECTIVE: Final = "007"
    SHIP_REQUESTED: Final = "010"
    SHIPPED: Final = "011"
    ESTIMATED_DELIVERY: Final = "017"
    EXPIRATION: Final = "036"
    SCHEDULED_DELIVERY: Final = "067"
    SCHEDULED_SHIP: Final = "068"
    PROMISED: Final = "069"
    REPORT_START: Final = "090"
    REPORT_END: Final = "091"
    CONTRACT_EFFECTIVE: Final = "092"
    CONTRACT_EXPIRATION: Final = "093"
    LOT_EXPIRATION: Final = "208"


class References:
    """What a reference is, data element 128."""

    CONTRACT: Final = "CT"
    ORDER: Final = "PO"
    INVOICE: Final = "IV"
    BUYERS_CONTRACT: Final = "BC"
    VENDORS_CONTRACT: Final = "VC"
    BUYERS_ORDER_LINE: Final = "BV"
    SELLERS_LINE: Final = "LI"
    REQUISITION: Final = "RQ"
    BILL_OF_LADING: Final = "BM"
    LOT: Final = "LT"
    CREDIT: Final = "CM"  # buyer's credit memo
    VENDOR: Final = "IA"  # internal vendor number
