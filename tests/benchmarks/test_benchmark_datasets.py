"""The tasks: classes, counts, scaling, sources and their errors."""

from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
from sklearn.utils import Bunch

from benchmarks import images
from benchmarks.datasets import (
    DATA_VARIABLE,
    IMAGE_SOURCES,
    SYNTHETIC_DISTANCE,
    TASKS,
    find_data_dir,
    load_task,
)
from benchmarks.errors import BenchmarkError
from benchmarks.images import ImagePool, decode_openml, draw_images, load_pool, to_grey

NEED_NO_FILES = ["digits", "synthetic"]


@pytest.fixture(autouse=True)
def no_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only `data_dir` and arguments name a folder here."""
    monkeypatch.delenv(DATA_VARIABLE, raising=False)


def write_archive(path: Path, y_train: np.ndarray, y_test: np.ndarray) -> None:
    """Write 28 x 28 images whose pixels all equal ten times the digit."""

    def pictures(y: np.ndarray) -> np.ndarray:
        return np.tile(10 * y[:, None, None], (1, 28, 28)).astype(np.uint8)

    np.savez(
        path,
        X_train=pictures(y_train),
        y_train=y_train.astype(np.uint8),
        X_test=pictures(y_test),
        y_test=y_test.astype(np.uint8),
    )


@pytest.mark.parametrize("name", NEED_NO_FILES)
def test_task_has_the_stated_classes_and_counts(name: str) -> None:
    task = load_task(name)
    X_train, y_train, X_test, y_test = task.draw(0)
    assert X_train.dtype == X_test.dtype == np.float32
    assert tuple(np.bincount(y_train)) == task.training_counts
    assert set(y_test) == set(range(len(task.class_names)))
    assert len(X_train) == len(y_train)
    assert len(X_test) == len(y_test)


@pytest.mark.parametrize("name", NEED_NO_FILES)
def test_a_seed_gives_its_rows_and_another_seed_others(name: str) -> None:
    task = load_task(name)
    first, again, other = task.draw(3), task.draw(3), task.draw(4)
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(first.X_train, other.X_train)


def test_digits_are_scaled_and_no_row_is_in_both_parts() -> None:
    X_train, _, X_test, _ = load_task("digits").draw(0)
    assert X_train.max() == X_test.max() == 1.0
    # The 723 images of these digits are all different.
    assert len(np.unique(np.vstack([X_train, X_test]), axis=0)) == 183 + 181 + 179 + 180


def test_synthetic_means_are_equally_far_apart() -> None:
    _, _, X_test, y_test = load_task("synthetic").draw(0)
    means = np.array([X_test[y_test == k].mean(axis=0) for k in range(4)])
    gaps = np.linalg.norm(means[:, None] - means[None], axis=-1)[np.triu_indices(4, 1)]
    # Sampled means add 2 * 100 / 500 to the squared distance.
    np.testing.assert_allclose(gaps**2, SYNTHETIC_DISTANCE**2 + 0.4, rtol=0.15)


def test_image_task_from_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    y_train = np.tile(np.arange(10), 10)
    write_archive(tmp_path / "mnist.npz", y_train, np.arange(10))
    pool = load_pool(IMAGE_SOURCES["mnist"], tmp_path)
    draw = draw_images(0, pool=pool, counts=(2, 3, 4, 10))
    np.testing.assert_array_equal(np.bincount(draw.y_train), (2, 3, 4, 10))
    np.testing.assert_array_equal(draw.y_test, range(4))
    digits = np.array([3, 4, 7, 9])
    expected = np.float32(10) * digits[draw.y_train] / np.float32(255)
    np.testing.assert_allclose(draw.X_train, np.tile(expected[:, None], 784), rtol=1e-6)
    assert draw.X_train.dtype == draw.X_test.dtype == np.float32


def test_training_rows_are_drawn_without_replacement() -> None:
    y = np.repeat([0, 1], [20, 30])
    X = np.arange(50, dtype=np.uint8).reshape(-1, 1)
    pool = ImagePool(X, y, X, y)
    draws = [draw_images(seed, pool=pool, counts=(5, 30)) for seed in range(3)]
    for draw in draws:
        assert len(np.unique(draw.X_train)) == 35
    assert len({draw.X_train.tobytes() for draw in draws}) == 3


def test_labels_may_be_class_names(tmp_path: Path) -> None:
    names = np.array(["truck", "airplane", "deer", "deer"])
    pictures = np.arange(4 * 32 * 32 * 3, dtype=np.uint32).reshape(4, 32, 32, 3) % 256
    np.savez(
        tmp_path / "cifar10_airplane_deer_truck.npz",
        X_train=pictures.astype(np.uint8),
        y_train=names,
        X_test=pictures.astype(np.uint8),
        y_test=names,
    )
    pool = load_pool(IMAGE_SOURCES["cifar10"], tmp_path)
    np.testing.assert_array_equal(pool.y_train, [2, 0, 1, 1])
    assert pool.X_train.shape == (4, 1024)


def test_grey_is_pillow_luma() -> None:
    image = pytest.importorskip("PIL.Image")
    colours = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    pillow = np.array(
        [np.asarray(image.fromarray(one).convert("L")) for one in colours]
    )
    # Pillow rounds its coefficients to 16 bits.
    np.testing.assert_allclose(to_grey(colours).astype(int), pillow.astype(int), atol=1)


def openml_bunch(name: str, dtype: type, n: int) -> tuple[Bunch, np.ndarray]:
    """Return rows as OpenML gives them (flat, labels as text) and their images."""
    source = IMAGE_SOURCES[name]
    rng = np.random.default_rng(0)
    data = rng.integers(0, 256, (n, int(np.prod(source.shape))))
    labels = np.array(list(source.codes.values()), dtype=object)
    target = np.resize([*labels, "1"], n).astype(object)
    return Bunch(data=data.astype(dtype), target=target), data


@pytest.mark.parametrize("dtype", [np.int64, np.float64])
@pytest.mark.parametrize("name", list(IMAGE_SOURCES))
def test_openml_rows_become_official_parts(
    name: str, dtype: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {}
    bunch, data = openml_bunch(name, dtype, n=30)

    def fetch(**kwargs: object) -> Bunch:
        asked.update(kwargs)
        return bunch

    monkeypatch.setattr(images, "fetch_openml", fetch)
    original = IMAGE_SOURCES[name]
    source = images.ImageSource(
        original.file, original.openml_id, 20, original.codes, original.shape
    )
    pool = load_pool(source, None)
    assert asked["data_id"] == source.openml_id
    assert asked["as_frame"] is False
    kept = bunch.target != "1"
    codes = list(source.codes.values())
    wanted = np.array([codes.index(code) for code in bunch.target[kept]])
    np.testing.assert_array_equal(np.r_[pool.y_train, pool.y_test], wanted)
    assert len(pool.y_train) == kept[:20].sum()
    pixels = data[kept].reshape(len(wanted), *source.shape)
    if name == "cifar10":
        red, green, blue = np.moveaxis(pixels, 1, 0)
        pixels = np.rint(0.299 * red + 0.587 * green + 0.114 * blue)
    found = np.vstack([pool.X_train, pool.X_test]).astype(int)
    np.testing.assert_allclose(found, pixels.reshape(len(wanted), -1), atol=1)


def test_openml_with_other_columns_is_refused() -> None:
    with pytest.raises(BenchmarkError, match=r"shape \(3, 5\), expected 784 columns"):
        decode_openml(np.zeros((3, 5)), np.zeros(3), IMAGE_SOURCES["mnist"])


def test_openml_out_of_reach_says_what_to_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(**kwargs: object) -> Bunch:
        raise URLError("no route")

    monkeypatch.setattr(images, "fetch_openml", fetch)
    with pytest.raises(BenchmarkError, match=r"no route.*--data-dir.*SKLEARN_WBN_DATA"):
        load_task("fashion_mnist")


def test_missing_folder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BenchmarkError, match=r"--data-dir names .*nowhere"):
        find_data_dir("nowhere")
    monkeypatch.setenv(DATA_VARIABLE, "nowhere")
    with pytest.raises(BenchmarkError, match=rf"{DATA_VARIABLE} names .*nowhere"):
        find_data_dir(None)


def test_argument_goes_before_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DATA_VARIABLE, "nowhere")
    assert find_data_dir(tmp_path) == tmp_path


def test_missing_file_says_what_to_pass(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"no file .*mnist\.npz.*--data-dir"):
        load_task("mnist", tmp_path)


def test_archive_without_an_array_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "mnist.npz", X_train=np.zeros(3))
    with pytest.raises(BenchmarkError, match=r"y_train is not a file.*arrays X_train"):
        load_task("mnist", tmp_path)


def test_torn_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mnist.npz").write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(BenchmarkError, match=r"cannot be used"):
        load_task("mnist", tmp_path)


def test_archive_without_a_class_is_refused(tmp_path: Path) -> None:
    few = np.array([3, 4, 7])
    write_archive(tmp_path / "mnist.npz", few, few)
    with pytest.raises(BenchmarkError, match="no images of 9"):
        load_task("mnist", tmp_path)


def test_unknown_task_is_refused() -> None:
    with pytest.raises(BenchmarkError, match="'iris', expected one of mnist"):
        load_task("iris")


@pytest.mark.parametrize(
    ("name", "test_rows", "n_features"),
    [
        ("mnist", (1010, 982, 1028, 1009), 784),
        ("fashion_mnist", (1000, 1000, 1000), 784),
        ("cifar10", (1000, 1000, 1000), 1024),
    ],
)
def test_real_images_have_the_counts_of_the_paper(
    data_dir: Path, name: str, test_rows: tuple[int, ...], n_features: int
) -> None:
    X_train, y_train, X_test, y_test = load_task(name, data_dir).draw(0)
    assert tuple(np.bincount(y_train)) == TASKS[name].training_counts
    assert tuple(np.bincount(y_test)) == test_rows
    assert X_train.shape[1] == X_test.shape[1] == n_features
    assert X_test.min() == 0.0
    assert 0.99 < X_test.max() <= 1.0
