"""Importing numbers from a file: read it, preview what it would do, apply exactly that.

Of the screens only ``admin_views/did_import.py`` knows this; nothing here knows a request.
"""

from did_import.applying import Differs, apply
from did_import.command import import_dids_command
from did_import.deciding import Kind, Line
from did_import.headings import FileProblem
from did_import.previewing import Preview, Summary, preview
from did_import.reading import Source, read
from did_import.reporting import report

__all__ = [
    "Differs",
    "FileProblem",
    "Kind",
    "Line",
    "Preview",
    "Source",
    "Summary",
    "apply",
    "import_dids_command",
    "preview",
    "read",
    "report",
]
