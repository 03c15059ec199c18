"""The commands that the pages of results print make the committed files."""

import argparse
import re
import shlex
from collections.abc import Iterable
from itertools import product
from pathlib import Path

import pandas as pd

from benchmarks import few_rows, limits, paper, resampling, study
from benchmarks.__main__ import parse_arguments
from benchmarks.contender import SLOW_METHODS_MAX_ROWS
from benchmarks.contenders import CONTENDERS
from benchmarks.datasets import DATA_VARIABLE
from benchmarks.few_rows import COUNTS
from benchmarks.resampling_file import FoldRun, ScoresFile
from benchmarks.study_file import StudyFile
from benchmarks.tabular import list_tables, load_table
from benchmarks.trainings_file import TrainingsFile

RESULTS = Path(__file__).parents[1] / "docs" / "results"
SHELL = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(text: str) -> Iterable[argparse.Namespace]:
    for block in SHELL.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            yield parse_arguments(shlex.split(line)[3:])


def page(name: str) -> str:
    return (RESULTS / name).read_text(encoding="utf-8")


def keys(rows: pd.DataFrame, *columns: str) -> set[tuple]:
    return set(rows[list(columns)].itertuples(index=False, name=None))


def test_page_of_the_paper_prints_what_made_the_file():
    found = keys(TrainingsFile(paper.RESULTS).read(), "dataset", "method", "draw")
    made = {
        key
        for args in commands(page("paper.md"))
        for key in product(args.dataset, args.methods, range(args.draws))
    }
    assert made == found


def test_page_of_the_study_prints_what_made_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))  # no task needs a download
    text = page("study.md")
    behind = text.partition("{dropdown}")[2]
    found = keys(StudyFile(study.RESULTS).read(), "task", "method", "draw")
    made = {
        key
        for args in commands(behind)
        for key in product(
            study.chosen_tasks(args), study.chosen_methods(args), range(args.draws)
        )
    }
    assert found <= made
    (lacking,) = re.findall(r"and (\d+) trainings that it lacks", text)
    assert len(made - found) == int(lacking)


def test_page_of_the_limits_prints_what_made_the_file():
    (args,) = commands(page("limits.md"))
    found = keys(limits.LimitsFile().read(), *limits.LimitRun._fields)
    assert found == set(limits.plan(args.tasks, args.draws))


def test_page_of_few_rows_prints_what_made_the_file():
    (args,) = commands(page("few_rows.md"))
    found = keys(few_rows.few_rows_file().read(), *few_rows.FewRowsRun._fields)
    assert found == set(
        product(
            *(args.dataset, args.methods, [args.epochs], COUNTS, range(args.draws)),
        )
    )


def test_page_of_resampling_prints_what_made_the_file(data_dir):
    text = page("resampling.md")
    _, args, _ = commands(text)
    rows = ScoresFile(resampling.RESULTS).read()
    assert f"took about {rows['fit_seconds'].sum() / 3600:.0f} hours" in text
    assert f"at most {SLOW_METHODS_MAX_ROWS:,} rows" in text
    found = keys(rows, *FoldRun._fields)
    names = {run[0] for run in found}
    assert set(list_tables(data_dir)) - names == {"kddcup99_10pct"}  # as the page says
    tables = {name: load_table(name, data_dir) for name in names}
    assert max(len(table.y) for table in tables.values()) <= args.max_rows
    folds = product(range(resampling.REPEATS), range(resampling.FOLDS))
    made = {
        (name, key, resampling.EPOCHS, *fold)
        for (name, table), (key, method), fold in product(
            tables.items(), CONTENDERS.items(), folds
        )
        if method.suits(table)
    }
    assert found == made
