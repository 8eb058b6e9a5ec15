"""Search domains: prefix lists such as `["|", ["ref", "=", "V1"], ["name", "ilike", "gloves"]]`.

A domain is compiled once into a function of a record id; where its conjunction holds an equality on an indexed field,
only those candidates are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from hilum.simulator.odoo.errors import InvalidText, ValueFault
from hilum.simulator.odoo.orm.fields import TO_MANY, Field

if TYPE_CHECKING:
    from hilum.simulator.odoo.orm.model import Model

Test = Callable[[int], bool]
Leaf = tuple[Any, str, Any]  # a field path (or 0 or 1), an operator, a value

OPERATORS = frozenset(
    {"=", "!=", "<>", "=?", "<", "<=", ">", ">=", "in", "not in", "child_of", "any", "not any"}
    | {"like", "not like", "ilike", "not ilike", "=like", "=ilike"}
)
HIERARCHY = {"stock.location": "location_id"}


def compile_domain(model: Model, domain: Sequence[Any]) -> tuple[Test, Iterable[int] | None]:
    """The test for one record, and the candidates if an index narrows them (None: all records).

    Raises ValueFault for an unknown field, a bad operator or a malformed domain.
    """
    terms = list(domain)
    tests: list[Test] = []
    for term in reversed(terms):
        if term in ("&", "|"):
            if len(tests) < 2:
                raise ValueFault(f"Invalid domain {domain!r}")
            tests.append(_combine(str(term), tests.pop(), tests.pop()))
        elif term == "!":
            tests.append(_negate(tests.pop()))
        else:
            tests.append(_leaf(model, _as_leaf(term, domain)))
    tests.reverse()
    plain = not any(term in ("|", "!") for term in terms)
    return _all(tests), _candidates(model, terms) if plain else None


def _as_leaf(term: Any, domain: Sequence[Any]) -> Leaf:
    if not isinstance(term, (list, tuple)) or len(term) != 3:
        raise ValueFault(f"Invalid domain term {term!r} in {domain!r}")
    return term[0], term[1], term[2]


def _combine(operator: str, first: Test, second: Test) -> Test:
    if operator == "&":
        return lambda record_id: first(record_id) and second(record_id)
    return lambda record_id: first(record_id) or second(record_id)


def _negate(test: Test) -> Test:
    return lambda record_id: not test(record_id)


def _all(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    return lambda record_id: all(test(record_id) for test in tests)


def _candidates(model: Model, terms: list[Any]) -> Iterable[int] | None:
    for term in terms:
        if term == "&":
            continue
        name, operator, value = term
        if not isinstance(name, str):
            continue
        if operator == "=" and isinstance(value, (str, int)) and value:
            values: list[Any] = [value]
        elif operator == "in" and isinstance(value, (list, tuple)) and all(value):
            values = list(dict.fromkeys(value))
        else:
            continue
        if name == "id":
            return [record_id for record_id in values if record_id in model.table]
        field = model.fields[name.partition(".")[0]]
        if "." not in name and field.stored and model.env.store.has_index(model.name, (name,)):
            by_id = field.kind != "many2one" or all(isinstance(each, int) for each in values)
            if by_id:
                return [each for v in values for each in model.env.store.find(model.name, (name,), (v,))]
    return None


def _leaf(model: Model, leaf: Leaf) -> Test:
    path, operator, value = leaf
    if path in (0, 1) and operator == "=":  # the always-true and always-false terms
        truth = path == value
        return lambda record_id: truth
    if operator not in OPERATORS:
        raise ValueFault(f"Invalid operator in condition {leaf!r}")
    head, _, rest = str(path).partition(".")
    field = model.fields.get(head)
    if field is None:
        raise ValueFault(f"Invalid field {model.name}.{head} in condition {leaf!r}")
    if rest and field.comodel:
        return _along(model, head, field, _leaf(model.env[field.comodel], (rest, operator, value)))
    if operator in ("any", "not any"):
        inner, _ = compile_domain(model.env[field.comodel], value)
        test = _along(model, head, field, inner)
        return test if operator == "any" else _negate(test)
    if field.comodel or head == "id":
        return _relation(model, head, field, leaf)
    return _scalar(model, head, field, leaf)


def _along(model: Model, name: str, field: Field, inner: Test) -> Test:
    if field.kind in TO_MANY:
        return lambda record_id: any(inner(each) for each in model.value(record_id, name))

    def through(record_id: int) -> bool:
        target = model.value(record_id, name)
        return bool(target) and inner(target)

    return through


def _relation(model: Model, name: str, field: Field, leaf: Leaf) -> Test:
    _path, operator, value = leaf
    comodel = model.env[field.comodel] if field.comodel else model
    if operator == "child_of":
        wanted: set[int] = _descendants(comodel, [value] if isinstance(value, int) else value)
        return _holds(model, name, field, wanted, empty=False)
    if "like" in operator or (isinstance(value, str) and field.comodel):
        title = _text_test(operator.replace("<>", "!="), value)
        negative = operator.startswith(("not", "!", "<>"))
        test = _along(model, name, field, lambda each: title(comodel.title(each)) != negative)
        return _negate(test) if negative else test
    if operator in ("<", "<=", ">", ">="):
        compare = _COMPARE[operator]
        number = _whole(value)
        return lambda record_id: compare(model.value(record_id, name) or 0, number)
    values = value if isinstance(value, (list, tuple)) else [value]
    test = _holds(model, name, field, {_whole(v) for v in values if v}, empty=not all(values))
    return _negate(test) if operator in ("!=", "<>", "not in") else test


def _whole(value: Any) -> int:
    if isinstance(value, int):
        return value
    raise InvalidText(f'invalid input syntax for type integer: "{value}"\n')


def _holds(model: Model, name: str, field: Field, wanted: set[int], *, empty: bool) -> Test:
    if field.kind in TO_MANY:

        def any_of(record_id: int) -> bool:
            ids = model.value(record_id, name)
            return not wanted.isdisjoint(ids) or (empty and not ids)

        return any_of

    def one_of(record_id: int) -> bool:
        target = model.value(record_id, name)
        return target in wanted or (empty and not target)

    return one_of


def _descendants(model: Model, roots: Iterable[int]) -> set[int]:
    parent = HIERARCHY.get(model.name, "parent_id")
    found = set(roots)
    queue = list(found)
    while queue:
        for child in model.env.store.find(model.name, (parent,), (queue.pop(),)):
            if child not in found:
                found.add(child)
                queue.append(child)
    return found


def _scalar(model: Model, name: str, field: Field, leaf: Leaf) -> Test:
    _path, operator, value = leaf
    read = _reader(model, name, field)
    if "like" in operator:
        matches = _text_test(operator, value)
        return lambda record_id: matches(read(record_id))
    if field.kind in ("date", "datetime"):
        value = _time_value(model.env.since(19), field, operator, value)
    if operator in ("in", "not in"):
        values = {_same(each) for each in (value if isinstance(value, (list, tuple)) else [value])}
        return lambda record_id: (_same(read(record_id)) in values) == (operator == "in")
    if operator == "=?":
        return _scalar(model, name, field, (name, "=", value)) if value else lambda record_id: True
    if operator in ("=", "!=", "<>"):
        wanted = _same(value)
        return lambda record_id: (_same(read(record_id)) == wanted) == (operator == "=")
    compare = _COMPARE[operator]

    def ordered(record_id: int) -> bool:
        kept = read(record_id)
        return kept is not None and compare(kept, value)

    return ordered


def _reader(model: Model, name: str, field: Field) -> Callable[[int], Any]:
    """Datetimes compare by whole seconds on 19 and by the kept microseconds on 18 (measured)."""
    if field.kind == "datetime" and model.env.since(19):

        def shown(record_id: int) -> Any:
            kept = model.value(record_id, name)
            return kept[:19] if kept else kept

        return shown
    return lambda record_id: model.value(record_id, name)


def _time_value(is_19: bool, field: Field, operator: str, value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_time_value(is_19, field, operator, each) for each in value]
    if not isinstance(value, str):
        return value
    shown = value.replace("T", " ", 1)
    if shown.endswith("Z"):
        if is_19:
            raise ValueFault(f"Invalid isoformat string: {value!r}")
        shown = shown[:-1]
    if field.kind == "date":
        return shown[:10]
    if len(shown) == len("2026-01-02"):
        shown += " 23:59:59" if operator in (">", "<=") else " 00:00:00"
    return shown


def _same(value: Any) -> Any:
    """Empty values of every type are one, as a search for False expects."""
    return None if value is False or value in (None, "") else value


def _text_test(operator: str, value: Any) -> Callable[[Any], bool]:
    if operator in ("=", "!=", "in", "not in"):
        wanted = set(value) if isinstance(value, (list, tuple)) else {value}
        positive = operator in ("=", "in")
        return lambda kept: (kept in wanted) == positive
    negative = operator.startswith("not")
    exact = operator.startswith("=")
    pattern = re.escape(str(value or "")).replace("%", ".*").replace("_", ".")
    flags = re.DOTALL | (re.IGNORECASE if operator.endswith("ilike") else 0)
    compiled = re.compile(pattern if exact else f".*{pattern}.*", flags)
    return lambda kept: (compiled.fullmatch(str(kept or "")) is not None) != negative


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda kept, value: bool(kept < value),
    "<=": lambda kept, value: bool(kept <= value),
    ">": lambda kept, value: bool(kept > value),
    ">=": lambda kept, value: bool(kept >= value),
}
