"""Public docstrings follow numpydoc, name every parameter, and their examples run."""

import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest
from numpydoc.validate import validate

import sklearn_wbn
import sklearn_wbn.nn

# numpydoc's codes that must not occur. Left out, because a short docstring may do
# without: an extended summary (ES01), "See Also" (SA01), examples (EX01); and where
# the summary starts and the quotes close (GL01, GL02), which the formatter settles.
FORBIDDEN = {
    "GL03",  # double blank line
    "GL05",  # tabs
    "GL06",  # unknown section
    "GL07",  # order of sections
    "GL08",  # no docstring
    "GL10",  # directive without colons
    "PR01",  # parameter not documented
    "PR02",  # unknown parameter
    "PR03",  # order of parameters
    "PR04",  # no type
    "PR05",  # type ends in a full stop
    "PR06",  # "string" for "str" and the like
    "PR07",  # no description
    "PR08",  # description starts with a small letter
    "PR09",  # description without a full stop
    "PR10",  # no space before the colon
    "RT01",  # no Returns
    "RT03",  # return value without description
    "RT04",  # its description starts with a small letter
    "RT05",  # its description without a full stop
    "SA02",  # See Also without a full stop
    "SA03",  # See Also starts with a small letter
    "SA04",  # See Also without description
    "SS01",  # no summary
    "SS02",  # summary starts with a small letter
    "SS03",  # summary without a full stop
    "SS04",  # summary is indented
    "SS05",  # summary not in the imperative
    "SS06",  # summary over several lines
    "YD01",  # no Yields
}


def is_own(member: object) -> bool:
    """Whether a member is written in this package, not inherited or generated."""
    function = member.fget if isinstance(member, property) else member
    module = getattr(inspect.unwrap(function), "__module__", "") or ""
    return module.partition(".")[0] == "sklearn_wbn"


def public_methods(cls: type) -> Iterator[str]:
    for name in dir(cls):
        member = inspect.getattr_static(cls, name)
        member = getattr(cls, name) if not isinstance(member, property) else member
        documentable = callable(member) or isinstance(member, property)
        if not name.startswith("_") and documentable and is_own(member):
            yield name


def public_objects() -> Iterator[str]:
    for package in (sklearn_wbn, sklearn_wbn.nn):
        for name in package.__all__:
            value = getattr(package, name)
            path = f"{package.__name__}.{name}"
            if inspect.isroutine(value):
                yield path
            elif inspect.isclass(value):
                yield path
                yield from (f"{path}.{method}" for method in public_methods(value))


def module_names() -> list[str]:
    walk = pkgutil.walk_packages(sklearn_wbn.__path__, "sklearn_wbn.")
    return ["sklearn_wbn", *(info.name for info in walk)]


@pytest.mark.parametrize("name", list(public_objects()))
def test_public_docstring_is_complete(name):
    errors = [error for error in validate(name)["errors"] if error[0] in FORBIDDEN]
    assert not errors


@pytest.mark.parametrize("name", module_names())
def test_docstring_examples_run(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)  # an example may write a file
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    results = doctest.testmod(importlib.import_module(name), optionflags=options)
    assert not results.failed, capsys.readouterr().out
