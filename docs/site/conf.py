"""How Sphinx builds the site. The pages are collected by docs/site/pages.py; scripts/docs runs everything."""

import os
import pathlib
import re
import sys

sys.path.insert(0, os.path.dirname(__file__))

project = "threadwise"
version = release = os.environ["THREADWISE_VERSION"]
html_title = f"threadwise {version}"

extensions = ["myst_parser", "sphinx_copybutton", "sphinx_inline_tabs", "reading"]
myst_heading_anchors = 4
toc_object_entries_show_parents = "hide"
add_module_names = False

# The types of the C++ reference, whose names become links (reading.py).
declaration = re.compile(r"\.\. cpp:(?:class|struct|concept):: (?:template<.*> )?threadwise::(\w+)\b(?!::)")
reference = pathlib.Path(os.environ["THREADWISE_PAGES"], "reference")
threadwise_types = {name for page in reference.glob("*.rst") for name in declaration.findall(page.read_text())}

html_theme = "furo"
html_static_path = ["style.css", "site.js"]
html_css_files = ["style.css"]
html_js_files = [("site.js", {"priority": 100})]
html_show_sourcelink = False
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
html_theme_options = {"navigation_with_keys": True}

# A prompt or an output is not copied along.
copybutton_exclude = ".linenos, .gp, .go"
