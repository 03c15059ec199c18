"""Where the HTML diagram of an estimator links to: its page in our documentation.

The address of the site is the project's URL *Documentation*, which pyproject.toml sets
and every installation carries. Without one there is no link, rather than a broken one.
"""

from importlib.metadata import PackageNotFoundError, metadata

_PAGE = "reference/{estimator_module}.{estimator_name}.html"


class DocLinkMixin:
    """Two attributes that scikit-learn reads when it draws an estimator as HTML.

    A subclass, or the build of the site, may set its own template.
    """

    _doc_link_module = "sklearn_wbn"

    @property
    def _doc_link_template(self) -> str:
        """Address of a page of the reference; empty where the site has none."""
        site = documentation_url()
        return f"{site}/{_PAGE}" if site else ""


def documentation_url(distribution: str = "sklearn-wbn") -> str:
    """Return the address of an installed project's documentation.

    Parameters
    ----------
    distribution : str, default="sklearn-wbn"
        Name of the installed project.

    Returns
    -------
    str
        Address without a slash at its end; empty if the project names none, or is
        not installed but only on the path.
    """
    try:
        urls = metadata(distribution).get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    for entry in urls:
        label, _, address = entry.partition(",")
        if label.strip().lower() == "documentation":
            return str(address).strip().rstrip("/")
    return ""
