"""The pages of the reference, written from `__all__` when a build begins."""

import importlib
import inspect
import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

PACKAGES = {
    "sklearn_wbn": "For scikit-learn",
    "sklearn_wbn.nn": "For torch",
}
KINDS = ("Estimators", "Displays", "Classes", "Functions")
# scikit-learn's fitted attributes end in an underscore, as links do in
# reStructuredText. Code keeps its own.
FITTED = re.compile(r"(?<![\w`.\\])([A-Za-z]\w*_)(?![\w`])")


def is_own(member: Any) -> bool:
    """Whether a member is written in this project, not by scikit-learn or torch."""
    function = member.fget if isinstance(member, property) else member
    return (getattr(function, "__module__", "") or "").startswith("sklearn_wbn")


def own_members(cls: type) -> dict[str, str]:
    """Return the public methods and properties that a class brings.

    Parameters
    ----------
    cls : type
        Public class.

    Returns
    -------
    dict
        Name to ``"method"`` or ``"property"``, sorted by name.
    """
    members = {}
    for name, static in inspect.getmembers_static(cls):
        member = static if isinstance(static, property) else getattr(cls, name)
        known = inspect.isroutine(member) or isinstance(member, property)
        if not name.startswith("_") and known and is_own(member):
            members[name] = "property" if isinstance(member, property) else "method"
    return members


def kind_of(name: str, member: Any) -> str:
    """Return the heading, one of `KINDS`, under which a public name stands."""
    if not inspect.isclass(member):
        return "Functions"
    if name.endswith("Display"):
        return "Displays"
    return "Estimators" if hasattr(member, "fit") else "Classes"


def page_of(package: str, name: str, member: Any) -> str:
    """Write the page of one name.

    Parameters
    ----------
    package, name : str
        Where it is public.
    member : object
        What it is.

    Returns
    -------
    str
        reStructuredText.
    """
    is_class = inspect.isclass(member)
    lines = [name, "=" * len(name), "", f".. currentmodule:: {package}", ""]
    lines += [f".. auto{'class' if is_class else 'function'}:: {name}", ""]
    own = own_members(member) if is_class else {}
    if own:
        lines += [".. rubric:: Methods and properties", ""]
        lines += [f".. auto{kind}:: {name}.{part}" for part, kind in own.items()]
    if hasattr(member, "fit"):
        lines += ["", _inherited(member, own), ""]
    # An example may use a class by way of its method, as `Display.from_estimator`.
    used = " ".join(f"{package}.{n}" for n in (name, *(f"{name}.{o}" for o in own)))
    lines += ["", f".. minigallery:: {used}"]
    lines += [f"   :add-heading: Examples of {name}", "   :heading-level: -", ""]
    return "\n".join(lines)


def _inherited(cls: type, own: dict[str, str]) -> str:
    """Name the public methods that an estimator has from scikit-learn."""
    names = [n for n in dir(cls) if not n.startswith("_") and n not in own]
    methods = [f"``{n}``" for n in names if callable(getattr(cls, n, None))]
    return f"From scikit-learn: {', '.join(methods)}."


def reference_pages() -> dict[str, str]:
    """Write the page that lists all public names, and the page of each.

    Returns
    -------
    dict
        File name to reStructuredText.
    """
    pages = {}
    index = ["API reference", "=============", ""]
    for package, title in PACKAGES.items():
        module = importlib.import_module(package)
        members = {name: getattr(module, name) for name in module.__all__}
        heading = f"{title}: {package}"
        summary = (module.__doc__ or "").partition("\n")[0]
        index += [heading, "-" * len(heading), "", summary, ""]
        index += [f".. currentmodule:: {package}", ""]
        for kind in KINDS:
            names = [name for name in members if kind_of(name, members[name]) == kind]
            if names:
                index += [f".. rubric:: {kind}", "", ".. autosummary::"]
                index += ["   :toctree: .", "   :nosignatures:", ""]
                index += [*(f"   {name}" for name in names), ""]
        for name, member in members.items():
            pages[f"{package}.{name}.rst"] = page_of(package, name, member)
    return pages | {"index.rst": "\n".join(index)}


def write_reference(app: Sphinx, config: Config) -> None:
    """Write the pages that changed; remove those of names that are gone."""
    folder, pages = Path(app.srcdir) / "reference", reference_pages()
    folder.mkdir(exist_ok=True)
    for old in set(folder.glob("*.rst")) - {folder / name for name in pages}:
        old.unlink()
    for name, text in pages.items():
        page = folder / name
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")


def escape_fitted(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Escape the last underscore of fitted attributes in a docstring's text."""
    for number, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...", "..")):
            lines[number] = FITTED.sub(lambda match: f"{match[1][:-1]}\\_", line)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", write_reference)
    app.connect("autodoc-process-docstring", escape_fitted, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
