"""How Sphinx builds the site; `make docs` runs it. Nothing here needs the network."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

import torch

from sklearn_wbn import WBNMLPClassifier

# Networks this small gain nothing from threads, and wait for each other where the cores
# are busy.
torch.set_num_threads(1)

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # `benchmarks` and `docs` are not installed

# Diagrams of the gallery link to the reference beside it.
WBNMLPClassifier._doc_link_template = (
    "../reference/{estimator_module}.{estimator_name}.html"
)

project = "sklearn_wbn"
author = "The sklearn_wbn developers"
project_copyright = "the sklearn_wbn developers"
release = version_of("sklearn-wbn")
version = ".".join(release.split(".")[:2])

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "matplotlib.sphinxext.plot_directive",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "docs.ext.api_pages",
    "docs.ext.architecture",
    "docs.ext.live_code",
    "docs.ext.mathml",
    "docs.ext.paper_results",
    "docs.ext.pictures",
    "docs.ext.resampling_results",
    "docs.ext.speed_results",
    "docs.ext.study_results",
]
exclude_patterns = ["_build", "auto_examples/*.ipynb", "examples"]
smartquotes = False  # docstrings quote values: "auto"
toc_object_entries_show_parents = "hide"
default_role = "literal"  # `name` in docstrings is code, as in numpydoc
nitpick_ignore_regex = [
    # Other projects' names: links to them would need their inventories at build time.
    (r"py:.*", r"(imblearn|matplotlib|numpy|pandas|sklearn|skorch|torch)\..*"),
]

html_theme = "pydata_sphinx_theme"
html_title = "sklearn_wbn"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "header_links_before_dropdown": 8,
    "show_prev_next": False,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc", "sg_download_links"],
}
html_sidebars = {
    "changelog": [],
    "contributing": [],
    "performance": [],
    "quickstart": [],
    "torch": [],
}

autodoc_typehints = "none"  # the docstrings name the types
autosummary_generate = False  # docs/ext/api_pages.py writes the pages
numpydoc_show_class_members = False  # the template lists them
numpydoc_class_members_toctree = False

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
copybutton_exclude = ".linenos, .gp, .go"

plot_formats = [("svg", 100)]
plot_html_show_formats = False
plot_html_show_source_link = False
plot_include_source = False
plot_rcparams = {
    "font.size": 10,
    "svg.fonttype": "path",
    "figure.constrained_layout.use": True,
}
plot_apply_rcparams = True

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "auto_examples",
    "doc_module": ("sklearn_wbn",),
    "backreferences_dir": "generated/backreferences",
    "within_subsection_order": "FileNameSortKey",
    "remove_config_comments": True,
    "show_memory": False,
    "write_computation_times": False,  # its tables would load scripts from the network
    "show_signature": False,
    "thumbnail_size": (480, 320),
    "download_all_examples": False,
    "notebook_images": False,
    "copyfile_regex": "",
    "matplotlib_animations": False,
}
