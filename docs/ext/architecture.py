"""The directive `architecture`: who imports whom in the package, drawn from its source.

Modules are merged into parts. Imports that follow from others (A imports B and C, B
imports C) are left out, so that the picture shows the order and not every line.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from textwrap import wrap
from typing import Any

import networkx as nx
from docutils import nodes
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
PACKAGE = "sklearn_wbn"
BLUE, RED, GREY = "#0072b2", "#c04f00", "#5f6b76"
ALT = "The parts of the package, with their modules, and who imports whom."


def module_name(path: Path) -> str:
    """Return the dotted name of a module file, packages without ``__init__``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def imported(path: Path) -> Iterator[str]:
    """Yield the full names that a file imports anywhere, functions included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.module or ""
                yield f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def import_graph() -> nx.DiGraph:
    """Read the package.

    Returns
    -------
    DiGraph
        An edge from each module to each module of the package that it imports.
    """
    files = {module_name(path): path for path in (ROOT / PACKAGE).rglob("*.py")}
    graph = nx.DiGraph()
    graph.add_nodes_from(sorted(files))
    for name, path in sorted(files.items()):
        targets = sorted({t for t in imported(path) if t in files and t != name})
        graph.add_edges_from((name, target) for target in targets)
    # The lazy package module names its halves; as a target it says nothing.
    graph.remove_edges_from([edge for edge in graph.edges if edge[1] == PACKAGE])
    return graph


@dataclass(frozen=True)
class Part:
    """A part of the package, a box of the picture.

    Parameters
    ----------
    title : str
        What it is about.
    modules : tuple of str
        Patterns of module names; a module belongs to the first part that matches.
    centre : tuple of float
        Place in the picture.
    colour : str
        Of the frame.
    """

    title: str
    modules: tuple[str, ...]
    centre: tuple[float, float]
    colour: str


PARTS = (
    Part("Public names, imported when used", (PACKAGE,), (0.5, 0.94), BLUE),
    Part("Torch alone: equations, layers, network", ("nn", "nn.*"), (0.5, 0.11), RED),
    Part("Pictures", ("_display*", "_plotting"), (0.14, 0.74), GREY),
    Part("Class weights", ("_class_weight", "_norm_weight"), (0.86, 0.76), GREY),
    Part("Saving", ("_onnx", "_persistence"), (0.14, 0.555), GREY),
    Part(
        "The estimator: steps of fit, prediction",
        ("_classifier", "_fitting", "_inference*", "_constraints", "_prediction"),
        (0.5, 0.74),
        BLUE,
    ),
    Part(
        "skorch's loop with weights",
        ("_network*", "_build", "_*callbacks", "_solver"),
        (0.5, 0.53),
        GREY,
    ),
    Part(
        "Rows, checks, mini-batches",
        ("_training_data", "_held_out", "_batches"),
        (0.5, 0.33),
        GREY,
    ),
    Part("Helpers", ("*",), (0.86, 0.55), GREY),
)


def part_of(module: str) -> Part:
    """Return the part that a module belongs to; a new one is a helper."""
    short = module.removeprefix(f"{PACKAGE}.")
    return next(
        part
        for part in PARTS
        if any(fnmatchcase(short, pattern) for pattern in part.modules)
    )


def part_graph(graph: nx.DiGraph) -> nx.DiGraph:
    """Merge the modules of each part; leave out imports that follow from others.

    Parameters
    ----------
    graph : DiGraph
        From `import_graph`.

    Returns
    -------
    DiGraph
        Parts by title, with their modules in the attribute ``modules``.
    """
    merged = nx.DiGraph()
    for module in graph:
        title = part_of(module).title
        merged.add_node(title)
        merged.nodes[title].setdefault("modules", []).append(module)
    ends = {(part_of(a).title, part_of(b).title) for a, b in graph.edges}
    merged.add_edges_from((a, b) for a, b in ends if a != b)
    if nx.is_directed_acyclic_graph(merged):
        reduced = nx.transitive_reduction(merged)
        merged.remove_edges_from(list(set(merged.edges) - set(reduced.edges)))
    return merged


def draw(graph: nx.DiGraph) -> Figure:
    """Draw the parts, their modules, and who imports whom.

    Parameters
    ----------
    graph : DiGraph
        From `import_graph`.

    Returns
    -------
    Figure
        Parts as boxes, imports as arrows.
    """
    parts = part_graph(graph)
    figure = Figure(figsize=(9.5, 6.2))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    boxes = {
        part.title: _draw_part(axes, part, parts.nodes[part.title]["modules"])
        for part in PARTS
        if part.title in parts
    }
    for source, target in parts.edges:
        _draw_arrow(axes, boxes[source], boxes[target])
    return figure


def _draw_part(axes: Axes, part: Part, modules: list[str]) -> FancyBboxPatch:
    x, y = part.centre
    names = [name.removeprefix(f"{PACKAGE}.") for name in sorted(modules)]
    lines = wrap("   ".join(names), width=52 if 0.3 < x < 0.7 else 24)
    width, height = (0.40 if 0.3 < x < 0.7 else 0.23), 0.052 + 0.034 * len(lines)
    box = FancyBboxPatch(
        (x - width / 2, y - height / 2),
        width,
        height,
        boxstyle="round,pad=0.005,rounding_size=0.012",
        facecolor="white",
        edgecolor=part.colour,
        linewidth=1.4,
    )
    axes.add_patch(box)
    top = y + height / 2 - 0.024
    axes.text(
        x, top, part.title, ha="center", va="center", fontsize=9.5, color=part.colour
    )
    for number, line in enumerate(lines):
        axes.text(
            x,
            top - 0.038 - 0.034 * number,
            line,
            ha="center",
            va="center",
            fontsize=8,
            family="monospace",
            color="0.25",
        )
    return box


def _draw_arrow(axes: Axes, source: FancyBboxPatch, target: FancyBboxPatch) -> None:
    """Draw an arrow between the middles of two boxes, cut at their frames."""
    ends = [
        (box.get_x() + box.get_width() / 2, box.get_y() + box.get_height() / 2)
        for box in (source, target)
    ]
    axes.add_patch(
        FancyArrowPatch(
            *ends,
            patchA=source,
            patchB=target,
            arrowstyle="-|>",
            mutation_scale=12,
            color="0.55",
            shrinkA=2,
            shrinkB=2,
        )
    )


class Architecture(SphinxDirective):
    """The picture of the import graph."""

    def run(self) -> list[nodes.Node]:
        for path in (Path(__file__), *(ROOT / PACKAGE).rglob("*.py")):
            self.env.note_dependency(str(path))
        folder = Path(self.env.srcdir) / "generated"
        folder.mkdir(exist_ok=True)
        draw(import_graph()).savefig(folder / "architecture.svg")
        return [nodes.image(uri="/generated/architecture.svg", alt=ALT)]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("architecture", Architecture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
