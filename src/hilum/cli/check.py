"""`hilum check`: is the project right, without a database and without calling anybody?"""

from __future__ import annotations

from hilum.cli.opening import HERE, ProjectFolder, project_of
from hilum.cli.output import AsJson, emit_json, out, plain
from hilum.masterdata.ownership import load_matrix


def check(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Read the project as a hub does at its start: settings, flows, lookups, ownership. Exit code 1 where it is wrong.

    Nothing is opened and nobody is called; `hilum doctor` also looks at the database and at every destination.
    """
    found = project_of(project)
    matrix = load_matrix(found)
    facts = {"flows": len(found.flows), "lookups": len(found.lookup.tables), "ownership": len(matrix.rules)}
    if as_json:
        emit_json(facts)
        return
    said = f"{facts['flows']} flows, {facts['lookups']} lookup tables, {facts['ownership']} rules of ownership"
    out.print(plain(f"The project is right: {said}."))
