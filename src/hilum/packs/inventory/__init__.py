"""Supplies: what is used on a patient leaves the stock in Odoo and becomes a charge; items, stores, counts go to Odoo.

The lookup table `items` gives for each code that comes in: `item` (the hub's item number), `stocked` (yes or no), and
where wanted `description`, `unit`, `price`, `currency`. The table `locations` gives the store for each ward or theatre.
"""

from hilum.packs.inventory.consumption import consumption
from hilum.packs.inventory.dispensing import dispensing
from hilum.packs.inventory.levels import levels, levels_in_odoo
from hilum.packs.inventory.master_data import counts, items, locations
from hilum.packs.inventory.planned import planned, planned_rows
from hilum.packs.inventory.stock_alarms import StockAlarms, alarms

__all__ = [
    "StockAlarms",
    "alarms",
    "consumption",
    "counts",
    "dispensing",
    "items",
    "levels",
    "levels_in_odoo",
    "locations",
    "planned",
    "planned_rows",
]
