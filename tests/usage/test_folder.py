"""The watched folder: whole files are taken once and moved, others wait, refused ones say why."""

import os
import time
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

import background
from extensions import db
from models import Call, CdrImport, CdrProfile
from tests.support.calls import BY, file_of, forget_charges, line
from usage import describing, folder


@pytest.fixture
def watched(app: Flask, story, look, tmp_path: Path, monkeypatch) -> Path:  # type: ignore[no-untyped-def]
    """The folder of Bob's reseller, in a watched one."""
    with look():
        forget_charges()
        db.session.commit()
    monkeypatch.setitem(app.config, "CDR_FOLDER", tmp_path)
    mine = tmp_path / "keystone"
    mine.mkdir()
    return mine


def lay(place: Path, name: str, content: bytes, *, age: float = 60) -> Path:
    path = place / name
    path.write_bytes(content)
    os.utime(path, (time.time() - age,) * 2)
    return path


def take(app: Flask) -> int:
    with app.app_context():
        return folder.take_from_folder()


def names(place: Path) -> list[str]:
    return sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())


def test_a_file_is_taken_read_and_moved(app: Flask, watched: Path, story, look) -> None:
    lay(watched, "20261110_20261111.CDR", file_of(line("a", story.acme_number)).getvalue())
    assert take(app) == 1
    background.turn(app)
    assert names(watched) == ["done/20261110_20261111.CDR"]
    with look():
        assert db.session.query(Call).count() == 1


def test_a_gzipped_file_is_taken(app: Flask, watched: Path, story, look) -> None:
    lay(watched, "a.CDR.gz", file_of(line("a", story.acme_number), zipped=True).getvalue())
    take(app)
    background.turn(app)
    with look():
        assert db.session.query(Call).count() == 1


def test_a_refused_file_has_its_reason_beside_it(app: Flask, watched: Path) -> None:
    lay(watched, "other.csv", b"a,b\n1,2\n")
    take(app)
    assert names(watched) == ["refused/other.csv", "refused/other.csv.reason.txt"]
    said = (watched / "refused" / "other.csv.reason.txt").read_text()
    assert said.startswith("The first line lacks CallType")


@pytest.mark.parametrize(
    ("name", "age"),
    [("a.CDR", 0), ("a.CDR.part", 60), (".a.CDR.swp", 60), ("a.CDR.filepart", 60)],
)
def test_a_file_that_may_still_be_written_waits(
    app: Flask, watched: Path, look, name: str, age: float
) -> None:
    lay(watched, name, file_of(line("a", "+14125550190")).getvalue(), age=age)
    assert take(app) == 0
    assert names(watched) == [name]
    with look():
        assert db.session.query(CdrImport).count() == 0


def test_a_link_out_of_the_folder_is_left_alone(app: Flask, watched: Path, tmp_path: Path) -> None:
    secret = lay(tmp_path, "secret.CDR", file_of(line("a", "+14125550190")).getvalue())
    (watched / "link.CDR").symlink_to(secret)
    assert take(app) == 0
    assert secret.exists()


def test_the_same_file_again_moves_beside_the_first(app: Flask, watched: Path, story, look) -> None:
    content = file_of(line("a", story.acme_number)).getvalue()
    for _ in range(2):
        lay(watched, "a.CDR", content)
        take(app)
        background.turn(app)
    assert names(watched) == ["done/a-2.CDR", "done/a.CDR"]
    with look():
        assert db.session.scalars(select(CdrImport.file_name)).all() == ["a.CDR"]


def test_a_folder_of_nobody_is_left_alone(app: Flask, watched: Path, tmp_path: Path) -> None:
    (tmp_path / "nobody").mkdir()
    lay(tmp_path / "nobody", "a.CDR", file_of(line("a", "+14125550190")).getvalue())
    assert take(app) == 0
    assert names(tmp_path / "nobody") == ["a.CDR"]


def test_a_file_belongs_to_whose_folder_it_lies_in(
    app: Flask, watched: Path, tmp_path: Path, story, look
) -> None:
    (tmp_path / "other").mkdir()
    lay(tmp_path / "other", "a.CDR", file_of(line("a", story.acme_number)).getvalue())
    take(app)
    background.turn(app)
    with look():
        assert db.session.query(CdrImport).count() == 0
    with look(story.other_reseller_id):
        assert db.session.query(Call).count() == 1


# --- Folders of other formats -----------------------------------------------------------------


def describe(name: str) -> str:
    """Let the reseller have a format of commas; gives its key."""
    found = describing.sample_of(OTHER.decode())
    typed = describing.guess(found) | {"name": name, "carrier": "Acme Voice"}
    row = CdrProfile()
    describing.save(row, typed, found, by=BY)
    db.session.commit()
    return row.key


OTHER = b"""Type,Start Time,Duration,From,To,Call ID,Price
inbound,2026-11-10 15:00:00,61,+12125550147,+14125550190,x1,0.01
"""


@pytest.mark.parametrize("name", ["acme_voice", "Acme Voice"])
def test_a_file_is_read_by_the_format_its_folder_is_named_by(
    app: Flask, watched: Path, look, name: str
) -> None:
    with look():
        assert describe("Acme Voice") == "acme_voice"
    (watched / name).mkdir()
    lay(watched / name, "calls.csv", OTHER)
    assert take(app) == 1
    background.turn(app)
    assert names(watched) == [f"{name}/done/calls.csv"]
    with look():
        call = db.session.query(Call).one()
        assert (call.source, call.transaction_id, call.cost_micros) == ("acme_voice", "x1", 10_000)


def test_files_of_an_unknown_format_wait_and_that_is_told_once(
    app: Flask, watched: Path, look, caplog
) -> None:
    (watched / "acme").mkdir()
    lay(watched / "acme", "calls.csv", OTHER)
    for _ in range(2):
        assert take(app) == 0
    assert names(watched) == ["acme/calls.csv", "refused/acme.reason.txt"]
    said = (watched / "refused" / "acme.reason.txt").read_text()
    assert said.startswith("No call file format is named acme, so its files wait where they are.")
    assert said.endswith("name the folder by one that there is: voip_innovations.\n")
    assert len([r for r in caplog.records if "whose files wait" in r.getMessage()]) == 1


def test_files_that_waited_are_taken_once_their_format_is_described(
    app: Flask, watched: Path, look
) -> None:
    (watched / "acme").mkdir()
    lay(watched / "acme", "calls.csv", OTHER)
    take(app)
    with look():
        describe("Acme")
    assert take(app) == 1
    assert names(watched) == ["acme/done/calls.csv"]


def test_an_unknown_folder_keeps_no_other_files_waiting(
    app: Flask, watched: Path, story, look
) -> None:
    for name in ("acme", "voip_innovations"):
        (watched / name).mkdir()
        lay(watched / name, "a.CDR", file_of(line("a", story.acme_number)).getvalue())
    assert take(app) == 1
    assert "voip_innovations/done/a.CDR" in names(watched)


def test_a_file_of_another_format_is_refused_in_its_own_folder(
    app: Flask, watched: Path, look
) -> None:
    (watched / "voip_innovations").mkdir()
    lay(watched / "voip_innovations", "calls.csv", OTHER)
    take(app)
    assert names(watched / "voip_innovations" / "refused") == ["calls.csv", "calls.csv.reason.txt"]


@pytest.mark.parametrize("name", ["Done", "refused"])
def test_no_format_takes_the_name_of_a_folder_of_the_folders_own(app: Flask, look, name) -> None:
    with look():
        assert describe(name) == f"{name.lower()}_2"


def test_staff_see_which_folder_waits_for_a_format(
    app: Flask, watched: Path, visitor, alice, look
) -> None:
    (watched / "acme").mkdir()
    browser = visitor(alice)
    assert not browser.get("/admin/call-file-formats/").html.select("#waiting")
    lay(watched / "acme", "calls.csv", OTHER)
    page = browser.get("/admin/call-file-formats/")
    assert "No format is named acme." in page.html.select_one("#waiting").get_text()
    with look():
        describe("Acme")
    page = browser.get("/admin/call-file-formats/")
    assert not page.html.select("#waiting")
    assert [code.get_text() for code in page.html.select("#formats code")] == [
        *("voip_innovations", "acme")
    ]
