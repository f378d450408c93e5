"""The floors of the package: a module imports only from its own folder and from lower floors."""

import ast
import pathlib

import pytest

PACKAGE = pathlib.Path(__file__).parents[1] / "evornn"
FLOORS = {
    "checks": 1,
    "compiled": 1,
    "flow": 1,
    "crew": 2,
    "simd": 2,
    "cells": 3,
    "network": 4,
    "stopping": 4,
    "workers": 4,
    "bidirectional": 5,
    "automata": 5,
    "readout": 4,
    "measures": 5,
    "cluster": 5,
    "population": 5,
    "tasks": 5,
    "evolution": 6,
    "liquid": 6,
    "gradient": 6,
    "reservoir": 6,
    "search": 7,
    "experiment": 8,
    "plot": 8,
    "estimators": 8,
    "cli": 9,
}
# On one floor, an experiment draws its figures, two directions are two populations, and a task
# draws the words of a language.
ALLOWED = {("experiment", "plot"), ("bidirectional", "population"), ("tasks", "automata")}
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p.parent != PACKAGE or p.stem != "__init__")


def part_of(path):
    """The folder, or the file at the top of the package, that a module belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path, for_types=True):
    """Dotted names that a module imports, wherever the import stands."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if not for_types:
        tree.body = [n for n in tree.body if ast.unparse(getattr(n, "test", n)) != "TYPE_CHECKING"]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level > 0:
            folder = path.parents[node.level - 1].relative_to(PACKAGE.parent)
            yield ".".join([*folder.parts, *filter(None, [node.module])])
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            if node.module == "evornn":
                yield from (f"evornn.{alias.name}" for alias in node.names)


def test_every_part_has_a_floor():
    assert {part_of(path) for path in MODULES} - {"__main__"} <= set(FLOORS)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_from_its_own_folder_and_lower_floors(path):
    mine = part_of(path)
    for name in imported(path):
        if name.startswith("evornn."):
            theirs = name.split(".")[1]
            lower = FLOORS.get(theirs, 10) < FLOORS.get(mine, 10)
            assert theirs == mine or lower or (mine, theirs) in ALLOWED, f"{mine} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_matplotlib_is_imported_only_where_figures_are_drawn(path):
    names = {name.split(".")[0] for name in imported(path, for_types=False)}
    assert "matplotlib" not in names or part_of(path) == "plot"


def test_importing_the_package_loads_nothing_heavy(in_new_process):
    # Numba itself imports scipy where it is installed, so scipy cannot be asked for here.
    heavy = ("matplotlib", "reservoirpy", "deap", "torch", "cma", "pandas")
    script = f"import sys, evornn; print([m for m in {heavy} if m in sys.modules])"
    assert in_new_process(script).strip() == "[]"
