"""Which tables were made from the same data.

They hold the same rows, or many of them, with other labels or columns. So they are no
independent evidence: the tests count them as one.
"""

from __future__ import annotations

# Those that are not their own source: two labels of the abalones, two of the cars, and
# three tables of the patients of one thyroid clinic.
SOURCES = {
    "abalone_19": "abalone",
    "car_eval_34": "car_eval",
    "car_eval_4": "car_eval",
    "ann_thyroid": "thyroid",
    "sick_euthyroid": "thyroid",
    "thyroid_sick": "thyroid",
}


def source_of(table: str) -> str:
    """Return the name of what a table was made from."""
    return SOURCES.get(table, table)
