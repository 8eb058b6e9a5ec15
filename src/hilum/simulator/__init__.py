"""Systems to practise on: a simulated hospital group and a sandbox Odoo, with faults on demand."""
