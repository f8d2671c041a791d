"""Write what this application is made of as CycloneDX 1.6 JSON: ``python scripts/sbom.py``.

Read from the lock file and from the names of the folders in static/vendor; nothing is asked of any
network, and the same files give the same text.
"""

import json
import re
import sys
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[1]
LOCKED = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s\\;]+)")
VENDORED = re.compile(r"(?P<name>.+?)-(?P<version>\d[\w.]*)")

NPM = {
    "plotly-basic": "plotly.js-basic-dist-min",
    "tabler": "@tabler/core",
    "tabler-icons": "@tabler/icons",
}
"""Under which names the folders of static/vendor are known elsewhere."""


def bom(lock: str, vendored: list[str]) -> dict[str, Any]:
    """Describe the packages of a lock file, and what stands beside them for browsers."""
    packages, needed_by = _read(lock)
    parts = [_part(name, version, "pypi") for name, version in packages.items()]
    for folder in sorted(vendored):
        found = VENDORED.fullmatch(folder)
        if found is None or found["name"] not in NPM:
            raise ValueError(f"{folder} must be a part named in NPM, with its version.")
        parts.append(_part(NPM[found["name"]], found["version"], "npm"))
    said = json.dumps(parts, sort_keys=True)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, said)}",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "app", "name": "portico"}},
        "components": parts,
        "dependencies": _dependencies(packages, needed_by),
    }


def _part(name: str, version: str, kind: str) -> dict[str, str]:
    purl = f"pkg:{kind}/{quote(name)}@{version}"
    common = {"type": "library", "name": name, "version": version}
    return common | {"bom-ref": purl, "purl": purl}


def _read(lock: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Read each package's version, and by which others it is needed; none means by us."""
    packages: dict[str, str] = {}
    needed_by: dict[str, list[str]] = {}
    name, is_via = "", False
    for line in lock.splitlines():
        found = LOCKED.match(line)
        text = line.strip()
        if found:
            name = found["name"].lower()
            packages[name], needed_by[name], is_via = found["version"], [], False
        elif text.startswith("# via"):
            is_via = True
            needed_by[name] += [text.removeprefix("# via").strip()]
        elif is_via and text.startswith("#"):
            needed_by[name] += [text.lstrip("# ")]
    return packages, needed_by


def _dependencies(
    packages: dict[str, str], needed_by: dict[str, list[str]]
) -> list[dict[str, Any]]:
    refs = {name: f"pkg:pypi/{name}@{version}" for name, version in packages.items()}
    needs: dict[str, list[str]] = {"app": []} | {ref: [] for ref in refs.values()}
    for name, whose in needed_by.items():
        for one in filter(None, whose):
            needs["app" if one.startswith("-r ") else refs[one.lower()]].append(refs[name])
    return [{"ref": ref, "dependsOn": sorted(found)} for ref, found in needs.items()]


def main() -> None:
    """Write the description of this checkout."""
    vendored = [one.name for one in (ROOT / "static" / "vendor").iterdir() if one.is_dir()]
    found = bom((ROOT / "requirements.txt").read_text("utf-8"), vendored)
    json.dump(found, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
