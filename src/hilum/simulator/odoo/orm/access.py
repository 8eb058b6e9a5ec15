"""Who may do what: groups, and the rights each model gives them.

The rights follow the least-privileged user of the measurements: it runs a purchase from order to payment, but may not
create products, vendor prices, employees, or touch external ids.
"""

from __future__ import annotations

from collections.abc import Mapping

USER = "base.group_user"
CONTACTS = "base.group_partner_manager"
SETTINGS = "base.group_system"
ACCESS_RIGHTS = "base.group_erp_manager"
PURCHASE = "purchase.group_purchase_user"
PURCHASE_MANAGER = "purchase.group_purchase_manager"
STOCK = "stock.group_stock_user"
BILLING = "account.group_account_invoice"
ACCOUNTANT = "account.group_account_manager"
ANALYTIC = "analytic.group_analytic_accounting"
MAINTENANCE = "maintenance.group_equipment_manager"
PRODUCTS = "product.group_product_manager"
PROJECT = "project.group_project_user"
SALES = "sales_team.group_sale_salesman"
EMPLOYEES = "hr.group_hr_user"
DOCUMENTATION = "api_doc.group_allow_doc"
NOBODY = "sandbox.nobody"  # what the sandbox keeps for itself: no user is in it

ADMINISTRATOR_GROUPS = frozenset(
    {
        USER,
        CONTACTS,
        SETTINGS,
        ACCESS_RIGHTS,
        PURCHASE,
        PURCHASE_MANAGER,
        STOCK,
        BILLING,
        ACCOUNTANT,
        ANALYTIC,
        MAINTENANCE,
        PRODUCTS,
        SALES,
        PROJECT,
        EMPLOYEES,
        DOCUMENTATION,
    }
)
INTEGRATION_GROUPS = frozenset({USER, CONTACTS, PURCHASE, STOCK, BILLING, MAINTENANCE})

GROUP_LABELS: Mapping[str, str] = {
    USER: "Role / User",
    CONTACTS: "Extra Rights/Contact Creation",
    SETTINGS: "Administration/Settings",
    ACCESS_RIGHTS: "Administration/Access Rights",
    PURCHASE: "Purchase/User",
    PURCHASE_MANAGER: "Purchase/Administrator",
    STOCK: "Inventory/User",
    BILLING: "Invoicing/Invoicing",
    ACCOUNTANT: "Invoicing/Administrator",
    ANALYTIC: "Technical/Analytic Accounting",
    MAINTENANCE: "Maintenance/Equipment Manager",
    PRODUCTS: "Products/Create",
    PROJECT: "Project/User",
    SALES: "Sales/User: Own Documents Only",
    EMPLOYEES: "Employees/Officer: Manage all employees",
    DOCUMENTATION: "Technical/Technical Documentation",
}

Rights = Mapping[str, frozenset[str]]  # operation (read, write, create, unlink) → groups that may


def rights(*, read: str | tuple[str, ...] = USER, change: str | tuple[str, ...] = SETTINGS) -> Rights:
    """The rights of a model: who reads, and who creates, writes and deletes."""
    changers = _groups(change) | {SETTINGS}
    return {"read": _groups(read) | changers, "write": changers, "create": changers, "unlink": changers}


def _groups(given: str | tuple[str, ...]) -> frozenset[str]:
    return frozenset({given} if isinstance(given, str) else given)


_VERBS = {"read": "access", "write": "modify", "create": "create", "unlink": "delete"}


def refusal(label: str, model: str, operation: str, allowed: frozenset[str]) -> str:
    """The text of the AccessError for an operation on a whole model."""
    names = "\n".join(f"\t- {GROUP_LABELS.get(group, group)}" for group in sorted(allowed))
    return (
        f"You are not allowed to {_VERBS[operation]} '{label}' ({model}) records.\n\n"
        f"This operation is allowed for the following groups:\n{names}\n\n"
        "Contact your administrator to request access if necessary."
    )
