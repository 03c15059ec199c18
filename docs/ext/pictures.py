"""Pictures that fill the page stand in a box, which scrolls on a narrow page."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


def box_pictures(app: Sphinx, doctree: nodes.document) -> None:
    """Put a box around every image that is a paragraph of its own."""
    for image in list(doctree.findall(nodes.image)):
        if isinstance(image.parent, nodes.section):
            box = nodes.container(classes=["picture"])
            image.replace_self(box)
            box += image


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-read", box_pictures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
