"""Addresses are made quickly and rightly; files travel compressed and are kept for good."""

import gzip
import io
from pathlib import Path

import pytest
from flask import Flask, request, url_for

from config import ROOT
from tests.support.cast import Story

FIRST_VISIT = (
    "js/theme.js",
    "vendor/tabler-1.6.1/tabler.min.css",
    "css/app.css",
    "favicon.svg",
    "js/app.js",
    "icons.svg",
)
"""What a page asks for that has no figure."""

HERE = "/admin/login"


@pytest.fixture
def file_address(app: Flask):
    """Give the address that pages have for a file."""

    def address(name: str) -> str:
        with app.test_request_context(HERE):
            return url_for("static", filename=name)

    return address


def test_a_file_is_kept_for_good_under_the_address_that_pages_have(app, file_address) -> None:
    answer = app.test_client().get(file_address("css/app.css"))
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.data == (ROOT / "static/css/app.css").read_bytes()
    assert "Cookie" not in answer.headers["Vary"]


def test_a_file_without_its_version_is_asked_for_again(app) -> None:
    answer = app.test_client().get("/static/css/app.css?v=old")
    assert answer.headers["Cache-Control"] == "no-cache"
    again = app.test_client().get(
        "/static/css/app.css", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


def test_a_file_travels_compressed_for_who_can_read_that(app, file_address) -> None:
    address = file_address("css/app.css")
    packed = app.test_client().get(address, headers={"Accept-Encoding": "gzip"})
    plain = app.test_client().get(address)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] != plain.headers["ETag"]


@pytest.mark.parametrize("name", ["../app.py", "nothing.css", "css", ""])
def test_what_is_no_file_of_ours_is_not_found(app, name: str) -> None:
    assert app.test_client().get(f"/static/{name}").status_code == 404


def test_a_file_that_changes_gets_another_address_while_developing(
    app, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "DEBUG", True)
    app.static_folder, file = str(tmp_path), tmp_path / "a.css"
    seen = []
    for text in ("one", "other"):
        file.write_text(text)
        with app.test_request_context(HERE):
            seen.append(url_for("static", filename="a.css"))
    assert seen[0] != seen[1]


def test_a_first_visit_is_lighter_than_120_kilobytes(
    app, story: Story, visitor, file_address
) -> None:
    client, packed = app.test_client(), {"Accept-Encoding": "gzip"}
    page = len(visitor().get("/portal/keystone/sign-in").body)
    files = sum(len(client.get(file_address(n), headers=packed).data) for n in FIRST_VISIT)
    assert page + files < 120_000


@pytest.mark.parametrize(
    ("endpoint", "values"),
    [
        ("client.overview", {"client_id": 7}),
        ("dids.details_view", {"id": 12}),
        ("orders.show", {"number": "O-000012"}),
        ("orders.show", {"number": "a b/ü?"}),
        ("portal.number", {"digits": "4125550123", "brand": "keystone"}),
        ("portal.usage_csv", {"what": "days", "brand": "keystone"}),
        ("dids.index_view", {"search": ["a", "b"]}),
        ("dids.index_view", {"search": "7777777777"}),
        ("dids.index_view", {"page": -1}),
        ("admin.index", {}),
    ],
)
def test_an_address_is_as_flask_makes_it(app, endpoint: str, values) -> None:
    with app.test_request_context(HERE):
        usual = Flask.url_for(app, endpoint, **values)
        assert [url_for(endpoint, **values) for _ in range(2)] == [usual, usual]
        assert url_for(endpoint, **values, _external=True) == f"http://localhost{usual}"


def test_values_of_two_requests_are_not_mixed_up(app) -> None:
    for slug in ("keystone", "harbor"):
        with app.test_request_context(HERE):
            url_for("portal.order", number="O-1", brand=slug)
            assert url_for("portal.order", number="O-2", brand=slug).split("/")[2] == slug


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_no_field_of_a_request_has_a_nul(app: Flask, kind: str) -> None:
    """PostgreSQL keeps none in a text, and would answer with an error of its own."""
    sent = {"na\0me": "a\0b", "plain": "c", "file": (io.BytesIO(b"x\0"), "f\0.csv")}
    if kind != "multipart/form-data":
        del sent["file"]
    with app.test_request_context("/?q=4%0012&q=x", method="POST", data=sent, content_type=kind):
        assert request.args.getlist("q") == ["412", "x"]
        assert dict(request.form) == {"name": "ab", "plain": "c"}
        assert [one.read() for one in request.files.values()] == [b"x\0"] * ("file" in sent)
