"""A visitor's browser for tests of screens: WebTest that checks every page it sees."""

import re
from typing import Any

from bs4 import BeautifulSoup
from flask import Flask
from webtest import TestApp, TestResponse

from tests.support.cast import Person

INLINE = re.compile(rb"""\son[a-z]+\s*=\s*["']|javascript:|\sstyle\s*=\s*["']|<style\b""", re.I)


class Visitor(TestApp):
    """WebTest that fails on a page which breaks a house rule, whatever the test was about."""

    def __init__(self, app: Flask, **more: Any) -> None:
        super().__init__(app, extra_environ={"REMOTE_ADDR": "203.0.113.5"}, **more)
        self.flask = app

    def do_request(self, req: Any, status: Any = None, expect_errors: Any = None) -> TestResponse:
        """Send a request and check the page that comes back."""
        response = super().do_request(req, status=status, expect_errors=expect_errors)
        check_page(response)
        return response

    def sign_in(self, person: Person) -> "Visitor":
        """Sign in by the form, as that person would."""
        address = "/admin/login" if person.is_staff else f"/portal/{person.slug}/sign-in"
        form = self.get(address).forms["sign-in"]
        form["email"] = person.email
        form["password"] = person.password
        form.submit(status=302)
        return self


def check_page(response: TestResponse) -> None:
    """Assert what holds for every page, whatever the test that opened it was about."""
    if response.content_type != "text/html" or 300 <= response.status_int < 400:
        return
    if b"<html" not in response.body:
        return
    # A mail must carry its style with it; the page that shows one may run and load nothing.
    is_mail = "sandbox" in response.headers.get("Content-Security-Policy", "").split("; ")
    found = faults(response.text, is_mail=is_mail)
    assert found == [], f"{response.request.path}: {found}"


def faults(html: str, *, is_mail: bool = False) -> list[str]:
    """List what is wrong with a page: its frame, inline code, forms, fields, pictures, assets."""
    page = BeautifulSoup(html, "html.parser")
    found = [] if is_mail else _inline(html)
    if len(page.find_all("h1")) != 1:
        found.append("not one h1")
    if page.title is None or not page.title.get_text(strip=True):
        found.append("no title")
    if not page.html or not page.html.get("lang"):
        found.append("no language")
    ids = [tag["id"] for tag in page.find_all(id=True)]
    found += [f"the id {one} stands twice" for one in sorted({i for i in ids if ids.count(i) > 1})]
    return found + _forms(page) + _fields(page) + _assets(page)


def _inline(html: str) -> list[str]:
    match = INLINE.search(html.encode())
    return [f"inline code or style: {match.group()!r}"] if match else []


def _forms(page: BeautifulSoup) -> list[str]:
    return [
        f"the form {form.get('id')} has no token"
        for form in page.find_all("form", method=re.compile("post", re.I))
        if form.find("input", {"name": "csrf_token"}) is None
    ]


def _fields(page: BeautifulSoup) -> list[str]:
    labelled = {label.get("for") for label in page.find_all("label")}
    found = []
    for field in page.find_all(["input", "select", "textarea"]):
        hidden = field.get("type") in ("hidden", "submit") or field.get("aria-hidden") == "true"
        named = field.get("aria-label") or field.get("aria-labelledby")
        if hidden or named or field.get("id") in labelled or field.find_parent("label"):
            continue
        found.append(f"the field {field.get('name')} has no label")
    for button in page.find_all("button"):
        if not button.get_text(strip=True) and not button.get("aria-label"):
            found.append(f"a button has no name: {str(button)[:60]}")
    return found


def _assets(page: BeautifulSoup) -> list[str]:
    found = [f"a picture says nothing: {str(i)[:60]}" for i in page.find_all("img", alt=False)]
    for tag, name in (("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src")):
        for one in page.find_all(tag, **{name: re.compile(r"^(https?:)?//(?!localhost)")}):
            found.append(f"loaded from elsewhere: {one[name]}")
    return found
