"""The audit: who did what and why, append-only, chained by hashes, with signed checkpoints, verified by anybody."""

from hilum.journal.audit.acts import ActSearch, AuditRow, history, record, search

__all__ = ["ActSearch", "AuditRow", "history", "record", "search"]
