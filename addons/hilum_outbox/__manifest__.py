{
    "name": "Hilum outbox",
    "summary": "Notes changes of chosen models in the transaction that makes them, for an integration hub to pull",
    "version": "1.1.0",
    "license": "LGPL-3",
    "author": "Hilum",
    "category": "Technical",
    "depends": ["base"],
    "data": [
        "security/groups.xml",
        "security/ir.model.access.csv",
    ],
    "uninstall_hook": "uninstall_hook",
    "installable": True,
}
