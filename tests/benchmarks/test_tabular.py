"""Tables: loading, preparing, and splits that keep equal rows together."""

from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import tabular
from benchmarks.datasets import DATA_VARIABLE
from benchmarks.errors import BenchmarkError
from benchmarks.tabular import (
    Table,
    list_tables,
    load_table,
    make_preprocessor,
    split_table,
)


def save(folder: Path, name: str, **arrays: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / f"{name}.npz", **arrays)


def table_of(X: np.ndarray, y: np.ndarray) -> Table:
    groups = np.unique(X, axis=0, return_inverse=True)[1].ravel()
    return Table("made", X, y, groups, np.zeros(X.shape[1], bool))


@pytest.fixture
def repeated() -> Table:
    """A hundred rows of which many are equal; every fifth is of class 1."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 6, size=(100, 2)).astype(np.float32)
    return table_of(X, (np.arange(100) % 5 == 0).astype(np.int64))


def test_labels_become_class_indices_and_equal_rows_one_group(tmp_path: Path) -> None:
    X = np.array([[1, 2], [3, 4], [1, 2], [1, 5], [3, 4]])
    save(tmp_path / "imbalanced", "small", X=X, y=np.array([1, -1, -1, -1, 7]))
    table = load_table("small", tmp_path)
    assert table.X.dtype == np.float32
    assert table.y.tolist() == [1, 0, 0, 0, 2]
    assert table.groups[0] == table.groups[2]
    assert table.groups[1] == table.groups[4]
    assert len(set(table.groups)) == 3
    assert table.n_minority == 1


def test_equal_rows_with_gaps_are_one_group(tmp_path: Path) -> None:
    gap = np.nan
    X = np.array([[1, gap], [1, gap], [1, 0], [gap, 1], [gap, gap], [gap, gap]])
    save(tmp_path, "gaps", X=X, y=np.arange(6) % 2)
    table = load_table("gaps", tmp_path)
    assert np.isnan(table.X).sum() == 7
    first_of_group = [table.groups.tolist().index(group) for group in table.groups]
    assert first_of_group == [0, 0, 2, 3, 4, 4]


def test_missing_numbers_are_nan_and_indicators_stay(tmp_path: Path) -> None:
    save(
        tmp_path,
        "gaps",
        X=np.array([[2.0, 0.0], [4.0, 1.0]]),
        y=np.array([0, 1]),
        was_missing=np.array([[True, True], [False, False]]),
        feature_names=np.array(["age", "sex=M"]),
    )
    X = load_table("gaps", tmp_path).X
    assert np.isnan(X[0, 0])
    assert X[:, 1].tolist() == [0.0, 1.0]


@pytest.mark.parametrize("kind", [bool, np.int64, np.float32])
def test_masks_may_be_booleans_or_zeros_and_ones(kind: type, tmp_path: Path) -> None:
    save(
        tmp_path,
        "masks",
        X=np.array([[2.0, 7.0], [4.0, 8.0], [6.0, 7.0]]),
        y=np.array([0, 1, 0]),
        categorical=np.array([0, 1], kind),
        was_missing=np.array([[1, 1], [0, 0], [0, 0]], kind),
    )
    table = load_table("masks", tmp_path)
    assert table.categorical.dtype == bool
    # The code of a category stays, also where it was filled in.
    np.testing.assert_array_equal(table.X, [[np.nan, 7], [4, 8], [6, 7]])
    prepared = make_preprocessor(table).fit_transform(table.X)
    assert prepared[:, 1:].tolist() == [[1, 0], [0, 1], [1, 0]]


def test_preparing_standardizes_numbers_and_encodes_categories() -> None:
    X = np.array([[1, 7], [3, 7], [np.nan, 8], [2, 9]], dtype=np.float32)
    table = Table("t", X, np.arange(4) % 2, np.arange(4), np.array([False, True]))
    prepared = make_preprocessor(table).fit_transform(X)
    # The mean of 1, 3, 2 fills the gap; four values have variance 1/2.
    np.testing.assert_allclose(prepared[:, 0], np.array([-1, 1, 0, 0]) / 0.5**0.5)
    assert prepared[:, 1:].tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_preparing_knows_unseen_categories() -> None:
    X = np.array([[0.0], [1.0], [5.0]], dtype=np.float32)
    table = Table("t", X, np.arange(3), np.arange(3), np.array([True]))
    prepare = make_preprocessor(table).fit(X[:2])
    assert prepare.transform(X[2:]).tolist() == [[0.0, 0.0]]


def test_equal_rows_stay_on_one_side(repeated: Table) -> None:
    splits = list(split_table(repeated, n_splits=4, n_repeats=2))
    assert [(s.repeat, s.fold) for s in splits] == [
        (repeat, fold) for repeat in range(2) for fold in range(4)
    ]
    for split in splits:
        assert not set(repeated.groups[split.train]) & set(repeated.groups[split.test])
        assert len(split.train) + len(split.test) == 100


def test_every_row_is_tested_once_a_repeat_and_repeats_differ(repeated: Table) -> None:
    splits = list(split_table(repeated, n_splits=4, n_repeats=2))
    first, second = splits[:4], splits[4:]
    for repeat in (first, second):
        tested = np.concatenate([split.test for split in repeat])
        assert sorted(tested) == list(range(100))
    assert any(
        a.test.tolist() != b.test.tolist() for a, b in zip(first, second, strict=True)
    )


def test_seed_repeats_the_splits(repeated: Table) -> None:
    once, again = (list(split_table(repeated, seed=3)) for _ in range(2))
    for a, b in zip(once, again, strict=True):
        assert a.test.tolist() == b.test.tolist()


def test_class_of_one_distinct_row_is_refused() -> None:
    X = np.arange(20, dtype=np.float32).reshape(-1, 1).copy()
    X[1] = X[0]
    table = table_of(X, (np.arange(20) < 2).astype(np.int64))
    with pytest.raises(BenchmarkError, match="class 1 has one distinct row"):
        next(split_table(table))


@pytest.mark.parametrize(
    ("values", "y", "has"),
    [
        ([0, 1, 2, 3] * 3, [0, 0, 1, 1] * 3, "it has 4 distinct rows, and .* 6 rows"),
        (range(8), [0, 1] * 4, "it has 8 distinct rows, and its largest class 4 rows"),
    ],
)
def test_table_with_fewer_rows_than_folds_is_refused(
    values: Iterable[int], y: list[int], has: str
) -> None:
    table = table_of(np.array([values], dtype=np.float32).T, np.array(y))
    with pytest.raises(
        BenchmarkError, match=f"made cannot be split: {has}; 5 folds need 5 of each"
    ):
        next(split_table(table))


def test_class_missing_from_training_is_an_error(
    repeated: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    def halves(*args: object) -> list[tuple[np.ndarray, np.ndarray]]:
        return [(np.flatnonzero(repeated.y == 0), np.flatnonzero(repeated.y == 1))]

    fake = SimpleNamespace(split=halves)
    monkeypatch.setattr(tabular, "StratifiedGroupKFold", lambda *a, **k: fake)
    with pytest.raises(BenchmarkError, match=r"no training row of class 1 \(20 rows\)"):
        next(split_table(repeated))


def test_tables_are_listed_from_folder_and_subfolders(tmp_path: Path) -> None:
    y = np.array([0, 1])
    for folder, name in (("imbalanced", "b"), ("larger", "a"), (".", "c")):
        save(tmp_path / folder, name, X=np.eye(2), y=y)
    save(tmp_path, "images", X_train=np.eye(2), y_train=y)
    assert list_tables(tmp_path) == ["a", "b", "c"]


def test_unknown_table_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="no table 'nothing' in"):
        load_table("nothing", tmp_path)


def test_broken_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.npz").write_bytes(b"no archive")
    with pytest.raises(BenchmarkError, match=r"broken\.npz cannot be used"):
        load_table("broken", tmp_path)
    save(tmp_path, "other", X=np.eye(2))
    with pytest.raises(
        BenchmarkError, match="it lacks y; expected an archive with the arrays"
    ):
        load_table("other", tmp_path)


@pytest.mark.parametrize("content", [b"no archive", b"", b"PK\x03\x04 damaged"])
def test_broken_archive_is_named_where_tables_are_listed(
    content: bytes, tmp_path: Path
) -> None:
    (tmp_path / "broken.npz").write_bytes(content)
    with pytest.raises(BenchmarkError, match=r"broken\.npz cannot be used: .* Replace"):
        list_tables(tmp_path)


def test_single_array_is_no_archive(tmp_path: Path) -> None:
    with (tmp_path / "single.npz").open("wb") as file:
        np.save(file, np.eye(2))
    with pytest.raises(BenchmarkError, match=r"single\.npz .* it is no zip archive"):
        list_tables(tmp_path)


def test_damaged_array_is_named(tmp_path: Path) -> None:
    save(tmp_path, "torn", X=np.ones((500, 2)), y=np.arange(500) % 2)
    path = tmp_path / "torn.npz"
    content = bytearray(path.read_bytes())
    content[3000] ^= 1  # within X: the checksum tells
    path.write_bytes(content)
    with pytest.raises(BenchmarkError, match=r"torn\.npz cannot be used: Bad CRC"):
        load_table("torn", tmp_path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"y": np.arange(4) % 2}, r"y has shape \(4,\), expected \(3,\) beside X"),
        ({"X": np.arange(3.0)}, r"X has shape \(3,\) and type float64, expected"),
        ({"X": np.full((3, 2), "red")}, "X has shape .* type <U3, expected numbers"),
        ({"X": np.empty((3, 0))}, r"X has shape \(3, 0\)"),
        ({"y": np.full(3, 7)}, "all rows have the label 7, expected two classes"),
        ({"categorical": np.zeros(3, bool)}, r"categorical has shape .* \(2,\)"),
        ({"was_missing": np.zeros(2, bool)}, r"was_missing has shape .* \(3, 2\)"),
        ({"feature_names": np.array(["a"])}, r"feature_names has shape .* \(2,\)"),
        ({"categorical": np.array([0, 2])}, "categorical holds 0, 2, expected bool"),
        ({"categorical": np.array(["a", "b"])}, "categorical holds a, b, expected"),
        ({"was_missing": np.arange(6).reshape(3, 2)}, r"was_missing holds .* \.\.\."),
    ],
)
def test_arrays_that_are_no_table_are_named(
    changed: dict[str, np.ndarray], message: str, tmp_path: Path
) -> None:
    arrays = {"X": np.ones((3, 2)), "y": np.array([0, 1, 0])} | changed
    save(tmp_path, "odd", **arrays)
    with pytest.raises(BenchmarkError, match=rf"odd\.npz cannot be used: {message}"):
        load_table("odd", tmp_path)


def test_without_a_folder_tables_are_fetched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    bunch = SimpleNamespace(data=np.eye(3), target=np.array([-1, 1, -1]))
    monkeypatch.setattr(
        tabular, "fetch_datasets", lambda *, filter_data: {filter_data[0]: bunch}
    )
    assert "ecoli" in list_tables()
    table = load_table("ecoli")
    assert table.y.tolist() == [0, 1, 0]
    with pytest.raises(BenchmarkError, match="Unknown table 'iris'"):
        load_table("iris")


def test_failed_download_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(**kwargs: object) -> None:
        raise OSError("no route")

    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    monkeypatch.setattr(tabular, "fetch_datasets", no_network)
    with pytest.raises(BenchmarkError, match=r"cannot download oil \(no route\)"):
        load_table("oil")


@pytest.mark.parametrize(
    ("name", "shape", "n_minority", "n_missing"),
    [
        ("ecoli", (336, 7), 35, 0),
        ("sick_euthyroid", (3163, 42), 293, 2353),
        ("page_blocks", (5473, 10), 28, 0),
    ],
)
def test_real_tables_have_their_known_sizes(
    name: str, shape: tuple[int, int], n_minority: int, n_missing: int, data_dir: Path
) -> None:
    assert name in list_tables(data_dir)
    table = load_table(name, data_dir)
    assert table.X.shape == shape
    assert table.n_minority == n_minority
    assert np.isnan(table.X).sum() == n_missing


def test_real_repeated_rows_stay_together(data_dir: Path) -> None:
    table = load_table("solar_flare_m0", data_dir)
    assert len(np.unique(table.groups)) < len(table.y) / 2
    for split in split_table(table):
        assert not set(table.groups[split.train]) & set(table.groups[split.test])
        assert set(table.y[split.train]) == {0, 1}
