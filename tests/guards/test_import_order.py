"""The one way down: who may import whom, as docs/architecture.md says it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

ORDER = (
    "environment",
    "config",
    "columns",
    "extensions",
    "together",
    "web_app",
    "database",
    "devices",
    "display",
    "drawing",
    "tenancy",
    "prepared",
    "models",
    "permissions",
    "audit",
    "catalog",
    "addresses",
    "rollup",
    "charging",
    "endpoints",
    "circles",
    "policy",
    "lines",
    "holds",
    "carriers",
    "hosts",
    "credentials",
    "brand",
    "mailer",
    "forgotten",
    "carrying",
    "batching",
    "workflow",
    "canned",
    "notes",
    "clients",
    "order_settings",
    "staffing",
    "accounts",
    "second_factor",
    "logo",
    "portal_settings",
    "groups",
    "emergency",
    "tiers",
    "stocking",
    "did_import",
    "usage",
    "statements",
    "receipts",
    "alerts",
    "sheets",
    "charts",
    "ports",
    "resellers",
    "logs",
    "jobs",
    "outbox",
    "retention",
    "background",
    "throttle",
    "known",
    "headers",
    "impersonation",
    "sessions",
    "looking",
    "sign_in_forms",
    "kept_forms",
    "post_form",
    "account_forms",
    "second_factor_forms",
    "health",
    "portal",
    "admin_views",
    "foreign",
    "errors",
    "demo_usage",
    "demo",
    "commands",
    "app",
)
"""A module may import what stands before it; the last ones see everything."""

PERSONAL = {"request", "session", "flash", "current_user"}
"""What only the two sides and the sign-in may ask: below them, one is told who acts."""

MAY_ASK = {
    "foreign",
    "sign_in_forms",
    "kept_forms",
    "post_form",
    "sessions",
    "logs",
    "known",
    "headers",
    "health",
    "portal",
    "admin_views",
    "errors",
    "web_app",
    "app",
}


def modules() -> dict[str, list[Path]]:
    """List our own modules and packages with their files."""
    found = {}
    for name in ORDER:
        single, package = ROOT / f"{name}.py", ROOT / name
        found[name] = [single] if single.exists() else sorted(package.rglob("*.py"))
    return found


def imports(source: str) -> list[tuple[str, list[str]]]:
    """List (module, names) of every import of a source, wherever it stands."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and not node.level:
            found.append((node.module or "", [alias.name for alias in node.names]))
        elif isinstance(node, ast.Import):
            found += [(alias.name, []) for alias in node.names]
    return found


def upward(name: str, source: str) -> list[str]:
    """List what a module imports that stands above it; the two sides never meet."""
    above = set(ORDER[ORDER.index(name) + 1 :])
    if name == "admin_views":
        above.add("portal")
    return sorted({module.split(".")[0] for module, _ in imports(source)} & above)


def personal(source: str) -> list[str]:
    """List what a source imports of the person who looks."""
    return sorted(
        {
            wanted
            for module, names in imports(source)
            if module in ("flask", "flask_login")
            for wanted in names
        }
        & PERSONAL
    )


@pytest.mark.parametrize("name", ORDER)
def test_a_module_imports_only_what_stands_below_it(name: str) -> None:
    files = modules()[name]
    assert files, f"{name} is listed but does not exist"
    found = {str(f.relative_to(ROOT)): upward(name, f.read_text()) for f in files}
    assert {file: names for file, names in found.items() if names} == {}


@pytest.mark.parametrize("name", [name for name in ORDER if name not in MAY_ASK])
def test_below_the_views_nobody_asks_who_looks(name: str) -> None:
    found = {str(f.relative_to(ROOT)): personal(f.read_text()) for f in modules()[name]}
    assert {file: names for file, names in found.items() if names} == {}


def test_every_module_is_in_the_order() -> None:
    single = {path.stem for path in ROOT.glob("*.py")} - {"gunicorn.conf"}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert single | packages == set(ORDER)


def test_the_guard_sees_a_planted_import() -> None:
    assert upward("policy", "import workflow") == ["workflow"]
    assert upward("admin_views", "from portal.access import own") == ["portal"]
    assert upward("models", "def f():\n    import app") == ["app"]
    assert personal("from flask import Flask, request") == ["request"]
