"""That the files a stranger starts from tell the truth: locks, settings, platform, scripts."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from config import ROOT
from environment import PAAS_MARKS

FROM_OUTSIDE = {"APP_ENV": "production", "PATH": os.environ["PATH"]}
READING = re.compile(r'env\.(?:text|whole|choice|is_on)\(\s*"([A-Z_]+)"')


def settings_read() -> set[str]:
    """List the variables that config.py reads, but for those of the platform and of Flask."""
    return set(READING.findall((ROOT / "config.py").read_text())) - {"FLASK_DEBUG", *PAAS_MARKS}


def run(*command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run one program with nothing of our own environment but the PATH."""
    return subprocess.run(
        command,
        cwd=ROOT,
        env=FROM_OUTSIDE | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_every_locked_library_has_an_exact_version_and_a_hash(lock: str):
    entries = re.split(r"\n(?=[a-z])", (ROOT / lock).read_text().partition("\n")[2])
    loose = [e for e in entries if not re.match(r"\S+==\S+.*\\\n +--hash=sha256:[0-9a-f]{64}", e)]
    assert loose == []
    assert len(entries) > 30


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_a_lock_names_no_address(lock: str):
    assert [line for line in (ROOT / lock).read_text().splitlines() if "://" in line] == []


def test_the_tests_run_on_the_versions_that_the_server_runs_on():
    server, tests = (
        set(re.findall(r"^(\S+==\S+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    assert server - tests == set()


def test_the_example_names_every_setting_and_no_other():
    named = set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert named == settings_read()


def test_the_one_click_file_sets_settings_that_exist():
    app = json.loads((ROOT / "app.json").read_text())
    assert set(app["env"]) - settings_read() == set()
    assert app["env"]["SECRET_KEY"]["generator"] == "secret"
    assert {check["path"] for check in app["healthchecks"]["web"]} == {"/readyz", "/healthz"}


def test_the_platform_migrates_before_it_serves():
    assert (ROOT / "Procfile").read_text().splitlines() == [
        "release: flask db upgrade",
        "web: gunicorn -c gunicorn.conf.py 'app:create_app()'",
        "worker: flask worker",
    ]


@pytest.mark.parametrize("script", sorted(p.name for p in (ROOT / "scripts").glob("*.sh")))
def test_a_script_can_be_read_by_bash(script: str):
    assert run("bash", "-n", f"scripts/{script}").stderr == ""


def test_every_short_command_has_its_script_and_is_listed():
    makefile = (ROOT / "Makefile").read_text()
    assert [
        s for s in re.findall(r"@(scripts/\S+)", makefile) if not os.access(ROOT / s, os.X_OK)
    ] == []
    listed = run("make", "help").stdout
    targets = re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)
    assert [name for name in targets if name not in listed] == []


def test_the_server_refuses_before_it_listens_and_names_every_missing_setting():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    ended = run(
        sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "app:create_app()", PORT=port
    )
    assert ended.returncode == 1
    assert "Listening" not in ended.stdout + ended.stderr
    first, *problems = ended.stderr.strip().splitlines()
    assert first == "Error: The settings do not allow a start."
    assert [p.split(":")[0].strip() for p in problems] == [
        "DATABASE_URL",
        "SECRET_KEY",
        "PUBLIC_URL",
    ]


def test_the_release_command_is_there():
    listed = run(sys.executable, "-m", "flask", "db", "--help", APP_ENV="development")
    assert (listed.returncode, "upgrade" in listed.stdout) == (0, True)


def test_the_release_command_refuses_without_a_traceback():
    ended = run(sys.executable, "-m", "flask", "db", "upgrade")
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[0] == "Error: The settings do not allow a start."
    assert "SECRET_KEY: missing" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_wrong_test_database_is_refused_with_a_sentence():
    ended = run(
        sys.executable,
        "-m",
        "tests.support.databases",
        TEST_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none",
    )
    assert ended.returncode == 1
    assert ended.stderr.strip() == "Nothing answers at TEST_DATABASE_URL."


def test_scripts_find_the_project_from_a_folder_with_a_blank(tmp_path: Path):
    project = tmp_path / "a b"
    (project / "scripts").mkdir(parents=True)
    (project / "scripts" / "common.sh").write_text((ROOT / "scripts" / "common.sh").read_text())
    ended = run("bash", "-euc", f'. "{project}/scripts/common.sh"; pwd; find_python')
    folder, python = ended.stdout.splitlines()
    assert folder == str(project)
    assert "python" in Path(python).name
