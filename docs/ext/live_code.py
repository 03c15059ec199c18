"""The directive `live-code`: Python that is run while the page is built.

The code is shown with what it prints, so no figure on a page can be out of date. The
blocks of one page share their names, from top to bottom.
"""

import contextlib
import io
import os
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import OptionSpec

NAMES = "live_code_names"


def run_and_capture(source: str, names: dict[str, Any], page: str) -> str:
    """Run code and return what it printed.

    Parameters
    ----------
    source : str
        Code.
    names : dict
        Namespace, changed by the code.
    page : str
        Name that tracebacks show.

    Returns
    -------
    str
        Standard output.
    """
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(source, page, "exec"), names)
    return printed.getvalue()


class LiveCode(SphinxDirective):
    """Show Python and its output."""

    has_content = True
    option_spec: ClassVar[OptionSpec] = {}

    def run(self) -> list[nodes.Node]:
        source = "\n".join(self.content)
        page = self.env.docname
        known = self.env.temp_data.setdefault(NAMES, {"__name__": page})
        padding = "\n" * self.lineno  # tracebacks show the page's lines
        try:
            printed = run_and_capture(padding + source, known, page).rstrip()
        except Exception as error:
            raise self.severe(f"{type(error).__name__}: {error}") from error
        code = nodes.literal_block(source, source, language="python")
        shown: list[nodes.Node] = [code]
        if printed:
            shown.append(
                nodes.literal_block(
                    printed, printed, language="none", classes=["live-output"]
                )
            )
        return shown


def setup(app: Sphinx) -> dict[str, Any]:
    os.environ.setdefault("MPLBACKEND", "Agg")
    app.add_directive("live-code", LiveCode)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
