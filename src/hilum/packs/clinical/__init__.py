"""Patients come in and leave: each admission, transfer and discharge keeps the patient's account in Odoo up to date."""

from hilum.packs.clinical.admissions import admissions

__all__ = ["admissions"]
