"""Results on the terminal, in files and in pipes: nothing is cut off."""

import re
from io import StringIO

import pytest
from rich.console import Console

from benchmarks.__main__ import main
from benchmarks.console import (
    BELOW,
    BESIDE,
    TEXT_WIDTH,
    make_console,
    make_table,
    print_markdown,
    print_table,
)
from benchmarks.report_tables import markdown

FIGURE = re.compile(r"[+-]?\d+\.\d+")
NAMES = [f"a name of {i} words" for i in range(20)]


def figures(text: str) -> list[str]:
    return sorted(FIGURE.findall(text))


def at_width(width: int) -> Console:
    return Console(file=StringIO(), width=width)


def printed(console: Console) -> str:
    return console.file.getvalue()  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def no_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.mark.parametrize("width", ["80", "200"])
@pytest.mark.parametrize(
    "command",
    [
        ["paper", "--table", "--dataset", "mnist"],
        ["study", "--table", "--role", "report"],
        ["limits", "--table"],
    ],
)
def test_tables_hold_the_same_figures_at_every_width(
    command: list[str],
    width: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(command) == 0
    whole = capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", width)
    assert main(command) == 0
    wrapped = capsys.readouterr().out
    assert "…" not in whole + wrapped
    assert len(figures(whole)) > 50
    assert figures(wrapped) == figures(whole)
    assert max(map(len, wrapped.splitlines())) <= int(width)


def test_without_a_terminal_tables_are_as_wide_as_they_need(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = make_table("made")
    for name in NAMES:
        table.add_column(name)
    print_table(make_console(), table)
    print_markdown(make_console(), f"{markdown(NAMES, [NAMES])}\n\n{'word ' * 99}")
    lines = capsys.readouterr().out.splitlines()
    assert [sum(name in line for name in NAMES) for line in lines].count(20) == 3
    assert max(len(line) for line in lines if "word " * 9 in line) <= TEXT_WIDTH


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (40, [["a", "name", "1.0", "±", "0.1", "2.0", "±", "0.2"]]),
        (25, [["a", "name", "1.0", "2.0"], ["±", "0.1", "±", "0.2"]]),
    ],
)
def test_errors_stand_below_where_there_is_no_room_beside(
    width: int, lines: list[list[str]]
) -> None:
    forms = []
    for error in (BESIDE, BELOW):
        table = make_table("made")
        for heading in ("name", "A", "B"):
            table.add_column(heading)
        table.add_row("a name", f"1.0{error}0.1", f"2.0{error}0.2")
        forms.append(table)
    console = at_width(width)
    print_table(console, *forms)
    found = [line.split() for line in printed(console).splitlines() if line.strip()]
    assert found[-len(lines) :] == lines


def test_words_are_broken_only_where_spaces_do_not_do() -> None:
    table = markdown(["name", "longest"], [["some words here", "weighted_population"]])
    console, narrow = at_width(30), at_width(20)
    print_markdown(console, table)
    assert "weighted_population" in printed(console)
    print_markdown(narrow, table)
    text = printed(narrow)
    assert "…" not in text
    letters = "".join(re.findall(r"[a-z_]", text))
    assert sorted(letters) == sorted("namelongestsomewordshereweighted_population")


def test_a_table_too_wide_for_its_figures_goes_on_in_the_next_line() -> None:
    console, table = at_width(20), make_table("made")
    for _ in range(9):
        table.add_column("100.0")
    print_table(console, table)
    print_markdown(console, markdown(["100.0"] * 9, [["100.0"] * 9]))
    assert printed(console).count("100.0") == 9 + 18
