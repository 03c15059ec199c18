"""The README shows what the committed results file holds, figure by figure."""

from pathlib import Path

from benchmarks.markdown import markdown_table
from benchmarks.paper import RESULTS, summary_of
from benchmarks.trainings_file import TrainingsFile

README = Path(__file__).parents[2] / "README.md"


def test_readme_holds_the_table_of_the_results_file() -> None:
    table = markdown_table(summary_of(TrainingsFile(RESULTS)))
    assert table in README.read_text(encoding="utf-8"), (
        "the results file has changed; put the output of "
        "`python -m benchmarks paper --markdown` into README.md"
    )
