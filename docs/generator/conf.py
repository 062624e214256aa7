"""Sphinx's settings: everything that pages need is served from the site itself."""

from outrider import __version__

project = "Outrider"
version = release = __version__
html_title = f"Outrider {__version__}"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 4
default_role = "code"
smartquotes = False  # quotation marks of examples are typed as they stand
autodoc_member_order = "groupwise"
autodoc_typehints = "signature"
napoleon_use_ivar = True
autodoc_typehints_format = "short"
python_display_short_literal_types = True
html_theme = "furo"
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_show_search_summary = False  # the search would ask for pages, which browsers refuse to files
html_static_path = ["static"]
html_css_files = ["outrider.css"]
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#2563c9", "color-brand-content": "#2563c9"},
    "dark_css_variables": {"color-brand-primary": "#7fb0ff", "color-brand-content": "#7fb0ff"},
}
