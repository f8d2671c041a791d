"""The list of what the application is made of says what the lock file says, and no more (A-49)."""

import json
import re
import subprocess
import sys

import pytest

from config import ROOT
from scripts.sbom import bom

LOCK = """# Made from requirements.in.
flask==3.1.2 \\
    --hash=sha256:aa
    # via
    #   -r requirements.in
    #   flask-wtf
flask-wtf==1.2.2 \\
    --hash=sha256:bb
    # via -r requirements.in
"""


def written() -> str:
    command = [sys.executable, "scripts/sbom.py"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout


def test_every_locked_package_stands_in_it_with_its_version() -> None:
    locked = re.findall(r"^([a-z0-9._-]+)==([^ ]+)", (ROOT / "requirements.txt").read_text(), re.M)
    parts = json.loads(written())["components"]
    found = {(one["name"], one["version"]) for one in parts if one["purl"].startswith("pkg:pypi")}
    assert len(locked) > 20
    assert found == set(locked)


def test_what_browsers_load_stands_in_it_too() -> None:
    parts = json.loads(written())["components"]
    ours = {one["purl"].rpartition("@")[0] for one in parts if one["purl"].startswith("pkg:npm")}
    assert ours == {
        "pkg:npm/plotly.js-basic-dist-min",
        "pkg:npm/%40tabler/core",
        "pkg:npm/%40tabler/icons",
    }


def test_it_says_what_needs_what() -> None:
    needs = {one["ref"]: one["dependsOn"] for one in bom(LOCK, [])["dependencies"]}
    flask, forms = "pkg:pypi/flask@3.1.2", "pkg:pypi/flask-wtf@1.2.2"
    assert needs == {"app": [forms, flask], flask: [], forms: [flask]}


def test_the_same_files_give_the_same_text() -> None:
    assert written() == written()


@pytest.mark.parametrize("folder", ["tabler", "unheard-of-1.0"])
def test_a_part_that_nobody_can_name_is_refused(folder: str) -> None:
    with pytest.raises(ValueError, match=folder):
        bom(LOCK, [folder])
