"""Formulas as MathML, which browsers draw themselves: no scripts, no fonts to load.

Sphinx comes with MathJax, which a reader's browser fetches from the network, and with
pictures, which need LaTeX. docutils brings the converter that is used here.
"""

from typing import Any

from docutils import nodes
from docutils.utils.math import MathError, pick_math_environment
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)


def to_mathml(tex: str, as_block: bool) -> str:
    """Convert a formula.

    Parameters
    ----------
    tex : str
        Formula in LaTeX.
    as_block : bool
        Whether it stands on lines of its own.

    Returns
    -------
    str
        A ``math`` element.
    """
    if as_block and "\\\\" in tex and "\\begin" not in tex:
        environment = pick_math_environment(tex)
        tex = f"\\begin{{{environment}}}{tex}\\end{{{environment}}}"
    return tex2mathml(tex, as_block=as_block)


def convert(node: nodes.math | nodes.math_block) -> str:
    """Convert a formula of a page; warn of one that is not understood."""
    try:
        return to_mathml(node.astext(), as_block=isinstance(node, nodes.math_block))
    except MathError as error:
        logger.warning("formula not understood: %s", error, location=node)
        return ""


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(convert(node))
    raise nodes.SkipNode


def visit_block(self: HTML5Translator, node: nodes.math_block) -> None:
    self.body.append(f'<div class="formula">{convert(node)}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
