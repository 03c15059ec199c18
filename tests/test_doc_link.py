"""The HTML diagram links to our reference where the site has an address."""

import re
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from docs.ext.api_pages import reference_pages
from sklearn_wbn import WBNMLPClassifier, _doc_link
from sklearn_wbn._doc_link import documentation_url
from tests.samples import imbalanced, quick

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
SITE = "https://example.org/wbn"
PAGE = f"{SITE}/reference/sklearn_wbn.WBNMLPClassifier.html"


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setattr(_doc_link, "documentation_url", lambda: SITE)


def links(estimator):
    """Addresses in a diagram that are not scikit-learn's."""
    found = re.findall(r'href="([^"]+)"', estimator._repr_html_())
    return {link.partition("#")[0] for link in found if "scikit-learn.org" not in link}


@pytest.mark.usefixtures("site")
def test_diagram_links_to_the_page_of_the_estimator():
    assert links(quick()) == {PAGE}
    assert links(make_pipeline(StandardScaler(), quick())) == {PAGE}
    assert links(quick().fit(*imbalanced())) == {PAGE}


def test_diagram_without_an_address_has_no_link(monkeypatch):
    monkeypatch.setattr(_doc_link, "documentation_url", lambda: "")
    assert links(quick()) == set()


@pytest.mark.usefixtures("site")
def test_linked_page_is_one_of_the_reference():
    *_, folder, page = urlsplit(quick()._get_doc_link()).path.split("/")
    assert folder == "reference"
    assert page.replace(".html", ".rst") in reference_pages()


@pytest.mark.usefixtures("site")
def test_a_subclass_may_link_elsewhere():
    class Own(WBNMLPClassifier):
        _doc_link_module = "tests"
        _doc_link_template = "https://example.org/{estimator_name}"

    Own.__module__ = "tests.test_doc_link"  # however pytest imports this file
    assert Own()._get_doc_link() == "https://example.org/Own"


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        (["Project-URL: Documentation, https://example.org/wbn/"], SITE),
        (
            ["Project-URL: Code, https://a.org", f"Project-URL: documentation,{SITE}"],
            SITE,
        ),
        (["Project-URL: Code, https://a.org"], ""),
        ([], ""),
    ],
)
def test_address_is_the_projects_url(lines, address, tmp_path, monkeypatch):
    folder = tmp_path / "some_project-1.0.dist-info"
    folder.mkdir()
    head = ["Metadata-Version: 2.4", "Name: some-project", "Version: 1.0"]
    (folder / "METADATA").write_text("\n".join([*head, *lines, ""]), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert documentation_url("some-project") == address


def test_address_of_this_project_is_read():
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    address = project.get("urls", {}).get("Documentation", "")
    assert documentation_url() == address.rstrip("/")


def test_package_that_is_only_on_the_path_has_no_address():
    assert documentation_url("a-name-that-is-not-installed") == ""
