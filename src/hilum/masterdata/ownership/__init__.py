"""Ownership: which system is the system of record of an object or a field, and what becomes of others' changes."""

from hilum.masterdata.ownership.matrix import FILE, Conflict, Matrix, Others, Rule
from hilum.masterdata.ownership.reading import OwnershipFile, load_matrix

__all__ = ["FILE", "Conflict", "Matrix", "Others", "OwnershipFile", "Rule", "load_matrix"]
