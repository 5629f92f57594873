"""Sphinx's settings for the site; ``docs/site/build.py`` brings the pages together and builds it."""

from spawnlab import runs, saved
from spawnlab.actors import factory, python_vm, verifying, vm
from spawnlab.scenarios import build, code
from spawnlab.verifying import verify

# Types of fields and arguments name these, and only type checkers see them there.
build.__dict__["Vm"] = vm.Vm  # within Actor
build.Actor = code.Actor = python_vm.Actor
build.ActorMachines = factory.ActorMachines
runs.SavedRun = saved.SavedRun
verify.Signal = verifying.Signal

project = "Spawnlab"
author = "Spawnlab's developers"
copyright = "Spawnlab's developers, MIT licence"
extensions = ["myst_nb", "sphinx.ext.autodoc"]
exclude_patterns = ["conf.py", "extra"]
html_extra_path = ["extra"]  # steppers, and pictures that pages show by HTML of their own
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme = "furo"
html_title = "Spawnlab"
html_show_sphinx = False
html_copy_source = False

myst_heading_anchors = 3
myst_enable_extensions = ["attrs_block"]
nb_execution_mode = "force"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True  # what one cell prints is one text
nb_mime_priority_overrides = [("html", "text/html", 0), ("html", "image/svg+xml", 10)]

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_default_options = {"members": True, "show-inheritance": True}
python_use_unqualified_type_names = True
nitpicky = False
suppress_warnings = ["myst.xref_missing", "ref.python", "misc.highlighting_failure"]
