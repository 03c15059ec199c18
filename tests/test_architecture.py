"""The promises of CONTRIBUTING.md about imports and sizes, read from the source."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("sklearn_wbn", "benchmarks", "tests", "docs")
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 40

PUBLIC = ("sklearn_wbn", "sklearn_wbn.nn")
HEAVY = {"imblearn", "matplotlib", "numba", "onnx", "pandas"}
# Imported when it is first used, and so free to import what it needs.
DEFERRED = {"sklearn_wbn._loops", "sklearn_wbn.nn.loops"}

# Who may import whom, the standard library apart. "_name" and "nn.name" are ours, and
# "nn" in `_modules` stands for everything below it. A new module needs a line here.
# No scikit-learn below `nn`, no torch in `_class_weight`; skorch where networks train.
MAY_IMPORT: dict[str, str] = {
    "": (
        "_class_weight _classifier _display_beta_search _display_effective_size "
        "_display_training_curve"
    ),
    "_activation": "nn numpy scipy",
    "_backprop": "_activation _batches nn numpy torch",
    "_batches": "_quiet nn numpy torch",
    "_build": "_network _solver nn torch",
    "_callbacks": "skorch tqdm",
    "_class_weight": "numpy",
    "_classifier": (
        "_constraints _fitting _held_out _prediction _training_data "
        "numpy sklearn skorch torch"
    ),
    "_constraints": "_solver nn sklearn torch",
    "_device": "numpy torch",
    "_display_beta_search": "_class_weight _plotting matplotlib numpy sklearn",
    "_display_effective_size": "_plotting matplotlib numpy sklearn",
    "_display_training_curve": "_plotting matplotlib numpy sklearn",
    "_doc_link": "",
    "_fitting": (
        "_batches _build _callbacks _class_weight _device _doc_link _held_out "
        "_inference _inference_statistics _network _norm_weight _persistence _random "
        "_sklearn_callbacks _threads _training_data "
        "numpy sklearn torch"
    ),
    "_flat_parameters": "torch",
    "_held_out": "_quiet _training_data numpy sklearn",
    "_inference": "_activation _batches _threads nn numpy torch",
    "_inference_statistics": "_norm_weight",
    "_loops": "_solver_arrays nn numpy",
    "_network": (
        "_backprop _batches _callbacks _flat_parameters _network_statistics "
        "_solver_step _threads nn numpy sklearn skorch torch"
    ),
    "_network_statistics": "_batches _callbacks _random _threads nn skorch torch",
    "_norm_weight": "numpy",
    "_onnx": "numpy onnx torch",
    "_persistence": "_build _device _network numpy torch",
    "_plotting": "matplotlib sklearn",
    "_prediction": "_inference _onnx _training_data numpy sklearn torch",
    "_quiet": "",
    "_random": "torch",
    "_sklearn_callbacks": "_callbacks _inference _training_data sklearn",
    "_solver": "torch",
    "_solver_arrays": "numpy",
    "_solver_step": "_solver_arrays nn numpy torch",
    "_threads": "threadpoolctl torch",
    "_training_data": "_class_weight numpy sklearn",
    "nn": "nn",
    "nn.acceleration": "torch",
    "nn.autograd": "nn.acceleration nn.closed_form nn.running numpy torch",
    "nn.batch_norm": "nn.weights nn.functional nn.running torch",
    "nn.weights": "torch",
    "nn.closed_form": "torch",
    "nn.functional": "nn.weights nn.autograd nn.running torch",
    "nn.loops": "numba numpy",
    "nn.loss": "nn.weights torch",
    "nn.mlp": "nn.batch_norm nn.functional torch",
    "nn.running": "numpy torch",
    "nn.statistics": "nn.batch_norm nn.weights nn.functional nn.mlp torch",
}


def full_name(name: str) -> str:
    """Spell out a name of the table."""
    is_ours = name == "nn" or name.startswith(("_", "nn."))
    return f"sklearn_wbn.{name}" if is_ours else name or "sklearn_wbn"


def may_import(module: str, target: str) -> bool:
    """Whether the table, or its being in the standard library, allows an import."""
    short = module.removeprefix("sklearn_wbn").removeprefix(".")
    allowed = {full_name(name) for name in MAY_IMPORT[short].split()}
    below_nn = target.startswith("sklearn_wbn.nn.") and "sklearn_wbn.nn" in allowed
    return target in allowed | sys.stdlib_module_names or below_nn


@dataclass(frozen=True)
class Import:
    """One imported module, or a name taken from it."""

    module: str
    name: str | None
    deferred: bool  # inside a function, or for type checkers only
    relative: bool

    @property
    def target(self) -> str:
        """The project's module that is meant, else the distribution's package."""
        full = f"{self.module}.{self.name}"
        if full in MODULES:
            return full
        return self.module if self.is_ours else self.module.partition(".")[0]

    @property
    def is_ours(self) -> bool:
        return self.module.partition(".")[0] == "sklearn_wbn"


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(
        ".__init__"
    )


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


MODULES = {module_name(path): path for path in python_files("sklearn_wbn")}
OUTSIDE = python_files("benchmarks", "tests", "docs")


def is_deferring(node: ast.AST) -> bool:
    types_only = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
    return types_only or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def walk_imports(node: ast.AST, deferred: bool = False) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(alias.name, None, deferred, relative=False)
        elif isinstance(child, ast.ImportFrom):
            for alias in child.names:
                yield Import(
                    child.module or "", alias.name, deferred, relative=child.level > 0
                )
        else:
            yield from walk_imports(child, deferred or is_deferring(child))


def imports_of(path: Path) -> list[Import]:
    return list(walk_imports(ast.parse(path.read_text(encoding="utf-8"))))


def relative_id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def mirrors(path: Path, module: str) -> bool:
    """Whether a test file is that module's own: tests/nn/test_loss*.py, nn/loss.py."""
    *parents, stem = module.split(".")[1:] or [""]
    folder = ROOT.joinpath("tests", *parents)
    return path.parent == folder and path.stem.startswith(f"test_{stem.lstrip('_')}")


def is_public(found: Import) -> bool:
    """Whether an import takes a public package or a name from its `__all__`."""
    if found.target not in PUBLIC:
        return False
    names = [*importlib.import_module(found.target).__all__, "nn", None]
    return found.name in names


def test_every_module_has_its_line_in_the_table():
    assert set(MODULES) <= {full_name(name) for name in MAY_IMPORT}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_module_imports_only_what_the_table_allows(module):
    targets = {found.target for found in imports_of(MODULES[module])}
    assert not {target for target in targets if not may_import(module, target)}


@pytest.mark.parametrize("module", sorted(set(MODULES) - DEFERRED))
def test_module_defers_heavy_imports(module):
    heavy = [i for i in imports_of(MODULES[module]) if i.target in HEAVY]
    assert all(found.deferred for found in heavy)


@pytest.mark.parametrize("module", sorted(set(MODULES) - set(PUBLIC)))
def test_module_has_its_test_file(module):
    assert any(mirrors(path, module) for path in OUTSIDE)


@pytest.mark.parametrize("path", OUTSIDE, ids=relative_id)
def test_code_outside_the_package_imports_public_names(path):
    private = [
        found
        for found in imports_of(path)
        if found.is_ours and not is_public(found) and not mirrors(path, found.target)
    ]
    assert not private


@pytest.mark.parametrize("path", python_files(*FOLDERS), ids=relative_id)
def test_file_is_short_and_imports_absolutely(path):
    assert not [found for found in imports_of(path) if found.relative]
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_FILE_LINES


def function_lengths(path: Path) -> dict[str, int]:
    """Lines of each function's body, without its docstring."""
    lengths = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            if body:
                length = (body[-1].end_lineno or 0) - body[0].lineno + 1
                lengths[f"{node.name}:{node.lineno}"] = length
    return lengths


@pytest.mark.parametrize("path", python_files(*FOLDERS), ids=relative_id)
def test_functions_are_short(path):
    long = {k: n for k, n in function_lengths(path).items() if n > MAX_FUNCTION_LINES}
    assert not long


@pytest.mark.parametrize("package", PUBLIC)
def test_public_names_exist_and_are_sorted(package):
    module = importlib.import_module(package)
    assert list(module.__all__) == sorted(module.__all__)
    assert not [name for name in module.__all__ if not hasattr(module, name)]


def test_importing_the_package_stays_light_and_silent():
    command = [sys.executable, "-X", "importtime", "-c", "import sklearn_wbn"]
    process = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=ROOT
    )
    lines = process.stderr.splitlines()
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}
    assert "sklearn_wbn" in loaded
    assert not loaded & HEAVY
    assert not process.stdout
    assert all(line.startswith("import time:") for line in lines)
