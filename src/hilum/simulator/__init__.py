"""Systems to practise on: a simulated hospital group, its contracts, and a sandbox Odoo, with faults on demand."""
