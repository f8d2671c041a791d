"""Every promise of the checklist has a test that is named after it and quotes it."""

import ast
import re
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
PROMISED = frozenset(range(1, 33))
"""The promises of the checklist, each of which must have a test here."""

NAMED = re.compile(r"test_p(\d+)_[a-z0-9_]+")
QUOTED = re.compile(r"P(\d+): \S.{10,}")


def promises(source: str) -> set[int]:
    """List the promises that tests of a file keep: those whose name and docstring agree."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef):
            continue
        named = NAMED.fullmatch(node.name)
        quoted = QUOTED.match(ast.get_docstring(node) or "")
        if named and quoted and named.group(1) == quoted.group(1):
            found.add(int(named.group(1)))
    return found


def kept(files: Iterable[Path]) -> set[int]:
    """List the promises that have a test in any of these files."""
    return set().union(*(promises(path.read_text(encoding="utf-8")) for path in files))


def test_every_promise_has_a_test() -> None:
    assert PROMISED - kept(HERE.glob("test_*.py")) == set()


def test_a_test_that_does_not_quote_its_promise_is_none() -> None:
    assert promises('def test_p7_the_preview():\n    """P7: Staff can preview that mail."""') == {7}
    assert (
        promises('def test_p7_the_preview():\n    """P8: Staff can preview that mail."""') == set()
    )
    assert promises('def test_the_preview():\n    """P7: Staff can preview that mail."""') == set()
    assert promises("def test_p7_the_preview():\n    assert True") == set()
