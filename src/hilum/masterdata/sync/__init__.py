"""Several systems hold one thing: which change counts, what is only an echo, and what each of them must be told."""

from hilum.masterdata.sync.document import Document, fingerprint
from hilum.masterdata.sync.judging import Change, Decision, Verdict, judge
from hilum.masterdata.sync.reading import RefusedChange, accept, refused, values_of
from hilum.masterdata.sync.store import Noted, forget, granted, landings, load, note, save, secret_key

__all__ = [
    "Change",
    "Decision",
    "Document",
    "Noted",
    "RefusedChange",
    "Verdict",
    "accept",
    "fingerprint",
    "forget",
    "granted",
    "judge",
    "landings",
    "load",
    "note",
    "refused",
    "save",
    "secret_key",
    "values_of",
]
