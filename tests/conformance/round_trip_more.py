"""What goes into Odoo and comes back, and examples do not show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from hilum import canonical
from hilum.canonical import (
    Address,
    BankAccount,
    BusinessObject,
    CustomerInvoice,
    GoodsReceipt,
    InvoiceLine,
    Item,
    JournalEntry,
    LedgerReversal,
    Money,
    OrderLine,
    Packing,
    Payment,
    PurchaseOrder,
    ReceiptLine,
    ServiceCase,
    ServiceStatus,
    Supplier,
    SupplierBill,
    SupplierPrice,
    SupplyConsumed,
    Tracking,
    WorkKind,
    WorkOrder,
    WorkStatus,
)

BOXES = PurchaseOrder(
    number="PO-55102",
    supplier="SUP-MEDQ",
    currency="EUR",
    requisition="REQ-20411",
    lines=(
        OrderLine(number=1, item="GLOVE-BX", quantity=Decimal(4), unit="BX", unit_price=Decimal("6.25")),
        OrderLine(number=2, item="STENT-35", quantity=Decimal(1), unit_price=Decimal(900)),
    ),
)
GLOVES = PurchaseOrder(
    number="PO-2026-001",
    supplier="V-100",
    lines=(OrderLine(number=1, item="GLV-01", quantity=Decimal(100), unit_price=Decimal("1.25")),),
)
_PARTY = {
    "tax_id": "BE0477472701",
    "registry": "0477.472.701",
    "email": "office@party.example",
    "phone": "+32 2 555 0042",
    "address": Address(street="Quay 7", city="Ostend", state="VWV", postal_code="8400", country="BE"),
    "bank_accounts": (BankAccount(number="BE68539007547034", currency="EUR"),),
    "blocked": True,
    "block_reason": "Recall of lot 4",
}
_DAY = date(2026, 3, 4)
_LINE = InvoiceLine(number=1, description="Freight", unit_price=Decimal("40.50"), account="600000")

MORE: Mapping[str, Sequence[BusinessObject]] = {
    "a blocked supplier": (Supplier(code="V 200/b", title="Blocked Ltd", **_PARTY),),
    "a supplier whose bank Odoo lists": (
        Supplier(
            code="V-201",
            title="Listed Ltd",
            bank_accounts=(BankAccount(number="BE71096123456769", bic="GKCCBEBB", currency="EUR"),),
        ),
    ),
    "a blocked customer": (canonical.Customer(code="INS-2", title="Blocked Insurer", active=False, **_PARTY),),
    "a supplier that is given up": (Supplier(code="V-300", title="Past Ltd", active=False),),
    "an account with an address": (
        canonical.PatientAccount(
            number="ACC-2",
            person=canonical.PersonName(family="Sample", given="Ada"),
            **{name: _PARTY[name] for name in ("address", "phone", "email")},
            active=False,
        ),
    ),
    "a warehouse that is given up": (canonical.Warehouse(code="OLD", title="Old store", active=False),),
    "a place that is given up": (canonical.Location(code="ATTIC", title="Attic", active=False),),
    "an item that is no longer used": (
        Item(
            code="OLD-1",
            title="Old",
            unit="EA",
            purchase_unit="DZN",
            stocked=False,
            price=Money(amount=Decimal("12.5"), currency="EUR"),
            active=False,
        ),
    ),
    "an item known by its GTINs": (
        Item(
            code="WIPE-1",
            title="Wipe",
            packings=(
                Packing(gtin="04006381333931"),
                Packing(gtin="14006381333938", unit="BX", quantity=Decimal(100)),
            ),
        ),
    ),
    "an item that is weighed": (Item(code="SALT", title="Salt", unit="KGM"),),
    "a count by weight": (
        canonical.StockLevel(
            count="C-2", item="SALT", location="STORE-OR", quantity=Decimal("7.25"), unit="KGM", counted_at=None
        ),
    ),
    "an item with serial numbers": (Item(code="PUMP-1", title="Pump", tracking=Tracking.SERIAL),),
    "a price without an end": (
        SupplierPrice(
            supplier="V 200/b",
            item="GLOVE-BX",
            price=Money(amount=Decimal("5.5"), currency="EUR"),
            unit="BX",
            lead_days=3,
        ),
    ),
    "an order that stays a draft": (
        canonical.BlanketAgreement(
            number="BA-2",
            supplier="SUP-MEDQ",
            lines=(canonical.AgreementLine(number=7, item="GLV-01", quantity=Decimal(500), unit_price=Decimal("1.1")),),
        ),
        PurchaseOrder(
            number="PO 7/2026",
            revision=2,
            supplier="SUP-MEDQ",
            agreement="BA-2",
            confirm=False,
            lines=(
                OrderLine(number=20, item="GLV-01", quantity=Decimal("2.5"), needed_by=date(2026, 4, 1)),
                OrderLine(number=10, item="GLOVE-BX", quantity=Decimal(3), unit="BX", unit_price=Decimal(7)),
            ),
        ),
    ),
    "an agreement that stays a draft": (
        canonical.BlanketAgreement(
            number="BA-3",
            supplier="SUP-MEDQ",
            confirm=False,
            lines=(
                canonical.AgreementLine(number=1, item="GLV-01", quantity=Decimal(5), unit_price=Decimal(1)),
                canonical.AgreementLine(
                    number=2, item="GLOVE-BX", quantity=Decimal(5), unit="BX", unit_price=Decimal(9)
                ),
            ),
        ),
    ),
    "an agreement that never was": (canonical.AgreementEnded(number="BA-3", cancelled=True),),
    "a part of an order": (
        GLOVES.model_copy(update={"number": "PO-2026-002"}),
        GoodsReceipt(number="GR-1", order="PO-2026-002", lines=(ReceiptLine(item="GLV-01", quantity=Decimal(30)),)),
    ),
    "the rest of an order": (
        GoodsReceipt(
            number="GR-2", order="PO-2026-002", final=True, lines=(ReceiptLine(item="GLV-01", quantity=Decimal(60)),)
        ),
    ),
    "lots of one item": (
        BOXES.model_copy(
            update={
                "number": "PO-55104",
                "lines": (OrderLine(number=1, item="STENT-35", quantity=Decimal(3), unit_price=Decimal(900)),),
            }
        ),
        GoodsReceipt(
            number="GR-3",
            order="PO-55104",
            lines=(
                ReceiptLine(item="STENT-35", quantity=Decimal(1), lot="A-1"),
                ReceiptLine(item="STENT-35", quantity=Decimal(2), lot="A-2", expires_on=date(2028, 2, 29)),
            ),
        ),
    ),
    "a return of a lot": (
        canonical.SupplierReturn(
            number="RT-2",
            order="PO-55104",
            lines=(canonical.ReturnLine(number=3, item="STENT-35", quantity=Decimal(1), lot="A-2"),),
        ),
    ),
    "a use that is given back": (
        SupplyConsumed(transaction="HILLSIDE:9", item="MESH-15", quantity=Decimal(-1), location="STORE-OR", lot="M771"),
    ),
    "consigned stock that was bought": (
        canonical.ConsignmentMoved(
            number="CS-2", supplier="V-100", location="STORE-OR", item="MESH-15", quantity=Decimal(-1), lot="M771"
        ),
    ),
    "consigned stock by weight": (
        canonical.ConsignmentMoved(
            number="CS-3", supplier="V-100", location="STORE-OR", item="SALT", quantity=Decimal("1.5"), unit="KGM"
        ),
    ),
    "an order that only bills": (
        GLOVES.model_copy(update={"number": "OP-1-B1", "requisition": "OP-1", "bill_only": True}),
        GLOVES.model_copy(update={"number": "OP-2-B1", "bill_only": True}),
    ),
    "a use by weight": (
        SupplyConsumed(
            transaction="HILLSIDE:10", item="SALT", quantity=Decimal("0.25"), unit="KGM", location="STORE-OR"
        ),
    ),
    "a transfer of lots": (
        canonical.StockTransfer(
            number="TR 2",
            source="STORE-OR",
            target="OR-4",
            lines=(
                canonical.TransferLine(number=5, item="MESH-15", quantity=Decimal(1), lot="M771"),
                canonical.TransferLine(number=4, item="SALT", quantity=Decimal("1.5"), unit="KGM"),
            ),
        ),
    ),
    "a bill of a line of an order": (
        GLOVES,
        SupplierBill(
            number="2026-4710",
            supplier="V-100",
            order="PO-2026-001",
            currency="EUR",
            billed_on=_DAY,
            due_on=date(2026, 4, 3),
            total=Decimal("151.25"),
            lines=(
                InvoiceLine(
                    number=3,
                    item="GLV-01",
                    quantity=Decimal(100),
                    unit_price=Decimal("1.25"),
                    tax_percent=Decimal(21),
                    cost_centre="CC-310",
                    order_line=1,
                ),
            ),
        ),
    ),
    "a bill by weight": (
        SupplierBill(
            number="2026-4715",
            supplier="V-100",
            currency="EUR",
            billed_on=_DAY,
            lines=(InvoiceLine(number=1, item="SALT", quantity=Decimal("2.5"), unit="KGM", unit_price=Decimal(4)),),
        ),
    ),
    "a bill of no order": (
        SupplierBill(number="2026-4712", supplier="V-100", currency="EUR", billed_on=_DAY, lines=(_LINE,)),
    ),
    "a credit note": (
        SupplierBill(
            number="CN-1",
            supplier="V-100",
            credit=True,
            corrects="2026-4712",
            currency="EUR",
            billed_on=_DAY,
            lines=(_LINE.model_copy(update={"unit_price": Decimal(10)}),),
        ),
    ),
    "a bill for a clerk": (
        SupplierBill(number="2026-4713", supplier="V-100", currency="EUR", billed_on=_DAY, post=False, lines=(_LINE,)),
    ),
    "a bill that is taken back": (
        SupplierBill(number="2026/4714", supplier="V-100", currency="EUR", billed_on=_DAY, lines=(_LINE,)),
        LedgerReversal(
            of=canonical.LedgerDocument.SUPPLIER_BILL,
            document="V-100:2026/4714",
            reversed_on=date(2026, 3, 9),
            reason="Not ours",
            post=False,
        ),
    ),
    "an invoice to a patient": (
        CustomerInvoice(
            number="CI-1",
            account="ACC-10023",
            encounter="V-20077",
            currency="EUR",
            billed_on=_DAY,
            total=Decimal("150.00"),
            lines=(
                InvoiceLine(
                    number=1,
                    item="GLV-01",
                    quantity=Decimal(3),
                    unit_price=Decimal(50),
                    unit="DZN",
                    tax_percent=Decimal(0),
                    account="400100",
                    cost_centre="CC-310",
                ),
            ),
        ),
    ),
    "a credit note to a patient": (
        CustomerInvoice(
            number="CI-2",
            account="ACC-10023",
            credit=True,
            corrects="CI-1",
            currency="EUR",
            billed_on=_DAY,
            post=False,
            lines=(InvoiceLine(number=2, description="Too much", unit_price=Decimal(5)),),
        ),
    ),
    "a credit on an account": (
        canonical.Charge(
            transaction="HILLSIDE:88121",
            account="ACC-10023",
            description="Taken back",
            quantity=Decimal(-1),
            unit_price=Decimal("10.10"),
            currency="EUR",
            service_date=_DAY,
        ),
    ),
    "an entry that stays a draft": (
        JournalEntry(
            number="ACCRUAL 3/26",
            journal="MISC",
            booked_on=_DAY,
            currency="EUR",
            post=False,
            lines=(
                canonical.EntryLine(account="600000", debit=Decimal("7.25"), description="Gloves"),
                canonical.EntryLine(account="110100", credit=Decimal("7.25")),
            ),
        ),
    ),
    "money on account": (
        Payment(
            number="TRN-9",
            direction=canonical.PaymentDirection.RECEIVED,
            customer="INS-0042",
            amount=Decimal("99.90"),
            currency="EUR",
            paid_on=_DAY,
            journal="BNK1",
        ),
    ),
    "money of a patient": (
        Payment(
            number="TRN-10",
            direction=canonical.PaymentDirection.RECEIVED,
            account="ACC-10023",
            amount=Decimal(20),
            currency="EUR",
            paid_on=_DAY,
            documents=("CI-1",),
        ),
    ),
    "a transfer with a party": (
        canonical.BankTransaction(
            journal="BNK1",
            number="B/1",
            booked_on=_DAY,
            amount=Decimal("20.00"),
            currency="EUR",
            words="From a patient",
            party_name="A. Sample",
            party_account="BE68539007547034",
        ),
    ),
    "a unit of volume": (canonical.Unit(code="MLT", title="Millilitre"),),
    "an account that is matched": (
        canonical.LedgerAccount(
            code="141000", title="Advances", account_type=canonical.AccountType.ASSET, reconciled=True
        ),
    ),
    "an account that is given up": (
        canonical.LedgerAccount(code="701900", title="Old", account_type=canonical.AccountType.INCOME, active=False),
    ),
    "a project of a customer": (canonical.CostCentre(code="CC-9", title="Study 9", customer="INS-0042", active=False),),
    "a department that is given up": (canonical.Department(code="DERM", title="Dermatology", active=False),),
    "an employee and a manager": (
        canonical.Employee(
            number="E-7", title="Bo Sample", phone="+32 2 555 0007", manager="E-1007", department="SURG", active=False
        ),
    ),
    "an asset that is retired": (
        canonical.Asset(number="PUMP-1", title="Pump", retired_on=date(2026, 3, 1), active=False),
    ),
    "work that is done": (
        WorkOrder(
            number="WO-2",
            title="Leaks",
            asset="PUMP-0042",
            work=WorkKind.CORRECTIVE,
            status=WorkStatus.DONE,
            team="Internal Maintenance",
            urgent=True,
            words="Two seals\nreplaced",
        ),
    ),
    "work that waits": (WorkOrder(number="WO-3", title="Check"),),
    "a lead that is lost": (
        canonical.Lead(number="L-2", title="Flu shots", phone="+32 2 555 0008", words="Too dear", active=False),
    ),
    "a case that is solved": (
        ServiceCase(
            number="SC-89",
            title="Box was wet",
            status=ServiceStatus.SOLVED,
            urgent=True,
            due_at=datetime(2026, 3, 9, 8, 0, tzinfo=UTC),
        ),
    ),
}
"""What examples do not show. Of each, what has to be there comes first; the last one is compared."""
