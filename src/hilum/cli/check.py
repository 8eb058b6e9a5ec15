"""`hilum check`: is the project right, without a database and without calling anybody?"""

from __future__ import annotations

from hilum.cli.opening import HERE, ProjectFolder, project_of
from hilum.cli.output import AsJson, emit_json, out, plain, plural
from hilum.connectors.partners import check_routes
from hilum.flow import Project
from hilum.masterdata import quality
from hilum.masterdata.ownership import load_matrix
from hilum.reconcile import comparisons_of
from hilum.runtime.arrivals import Arrivals
from hilum.runtime.endpoints import build_endpoints, furnish, read_only_endpoints


def check(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Read settings, endpoints, flows, lookups, ownership, matching, quality and partners as a hub does at its start.

    Exit code 1 where one is wrong. Nothing is opened and nobody is called; `hilum doctor` also looks at the database
    and at every destination.
    """
    found = project_of(project)
    matrix = load_matrix(found)
    Arrivals(found.flows, matrix, found.settings.matching, b"")
    rules = quality.load_rules(found.folder / quality.FILE)
    for profile in found.partners.values():
        check_routes(profile)
    _reached(found)
    facts = {
        "flows": len(found.flows),
        "lookups": len(found.lookup.tables),
        "ownership": len(matrix.rules),
        "quality": sum(map(len, rules.values())),
        "partners": len(found.partners),
        "comparisons": len(comparisons_of(found)),
    }
    elsewhere = sorted(quality.tables_of(rules) - found.lookup.tables.keys())
    if as_json:
        emit_json({**facts, "tables_only_in_database": elsewhere})
        return
    said = (
        f"{plural(facts['flows'], 'flow')}, {plural(facts['lookups'], 'lookup table')}, "
        f"{plural(facts['ownership'], 'rule')} of ownership, {facts['quality']} of quality, "
        f"{plural(facts['partners'], 'trading partner')}, {plural(facts['comparisons'], 'comparison')}"
    )
    out.print(plain(f"The project is right: {said}."), soft_wrap=True)
    for name in elsewhere:
        words = f"{quality.FILE} asks the lookup table '{name}', which is no file here: a hub starts only"
        out.print(plain(f"{words} where its database has it."), soft_wrap=True)


def _reached(project: Project) -> None:
    """Is each endpoint that a flow names set up, and each setting of it one that there is? Nothing is opened."""
    flows = project.flows.values()
    build_endpoints(project.settings, flows)
    read_only_endpoints(project.settings, flows, None)
    for flow in flows:
        for source in flow.sources:
            furnish(source, project.settings, None)
