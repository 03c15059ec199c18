"""Print results on standard output: no figure and no name is ever cut off.

On a terminal cells wrap; in a file or a pipe a table is as wide as what it holds.
"""

from __future__ import annotations

import os
import sys
from typing import ClassVar

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Markdown, MarkdownElement, TableElement
from rich.measure import Measurement
from rich.table import Column, Table

UNLIMITED = 10_000
# Of texts; longer lines are hard to read.
TEXT_WIDTH = 110
# What stands between a figure and its error, and what stands there in narrow tables.
BESIDE, BELOW = " ± ", "\n± "
# A figure is not longer, so that it is never broken.
LEAST_WIDTH = 5


def make_console() -> Console:
    """Make the console for results on standard output."""
    # Where there is no terminal rich takes 80 columns, too few for the tables.
    limited = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()
    return Console(width=None if limited else UNLIMITED)


def make_table(title: str, caption: str | None = None) -> Table:
    """Make a table without columns, in the style of all results."""
    style = {"box": box.SIMPLE_HEAD, "pad_edge": False, "collapse_padding": True}
    return Table(title=title, caption=caption, **style)


def print_text(console: Console, text: str) -> None:
    """Print a paragraph."""
    console.print(text, highlight=False, width=TEXT_WIDTH)


def print_markdown(console: Console, text: str) -> None:
    """Print Markdown, whose tables may be wider than its texts."""
    console.print(_Markdown(text), width=TEXT_WIDTH, crop=False)


def print_table(console: Console, *tables: Table) -> None:
    """Print the first table that fits; where none does, the last with wrapped cells.

    Parameters
    ----------
    console : Console
        Where to print.
    *tables : Table
        Forms of one table, the widest first.
    """
    fitting = (table for table in tables if _excess(console, table) <= 0)
    table = next(fitting, tables[-1])
    _wrap(console, table)
    console.print(table, crop=False)


class _WrappedTable(TableElement):
    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        for table in super().__rich_console__(console, options):
            _wrap(console, table)
            yield table


class _Markdown(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "table_open": _WrappedTable,
    }


def _wrap(console: Console, table: Table) -> None:
    """Make columns narrower until a table fits: at spaces first, then within words.

    rich by itself breaks words in the widest column while others have spaces left.
    """
    spans = [_span(console, column) for column in table.columns]
    widths = [span.maximum for span in spans]
    least = [max(span.minimum, LEAST_WIDTH) for span in spans]
    for _ in range(_excess(console, table)):
        widest = max(
            range(len(widths)), key=lambda i: (widths[i] > least[i], widths[i])
        )
        if widths[widest] > LEAST_WIDTH:
            widths[widest] -= 1
    for column, width in zip(table.columns, widths, strict=True):
        column.width, column.overflow = width, "fold"
    # Where this is still too wide, lines go on in the terminal's next ones.
    table.width = console.measure(table, options=_unlimited(console)).maximum


def _excess(console: Console, table: Table) -> int:
    wanted = console.measure(table, options=_unlimited(console)).maximum
    return wanted - console.width


def _span(console: Console, column: Column) -> Measurement:
    cells = [
        Measurement.get(console, _unlimited(console), cell)
        for cell in (column.header, *column.cells)
    ]
    return Measurement(max(c.minimum for c in cells), max(c.maximum for c in cells))


def _unlimited(console: Console) -> ConsoleOptions:
    return console.options.update(width=UNLIMITED)
