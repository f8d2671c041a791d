"""A visitor's browser for tests of screens: WebTest that checks every page it sees."""

import re
from typing import Any

from bs4 import BeautifulSoup, Tag
from flask import Flask
from webtest import TestApp, TestResponse

from tests.support.cast import Person

FOREIGN = re.compile(r"\s*(?:https?:)?//(?!localhost(?:[:/]|$))", re.I)
DATA = ("application/json", "application/ld+json")
"""Kinds of script that are data and never run."""


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


MARKUP_INSIDE = re.compile(r'<[a-zA-Z][^<>]*="[^"<>]*<')
"""A tag that stands within the quotes of another's attribute, where only words may."""


def faults(html: str, *, is_mail: bool = False) -> list[str]:
    """List what is wrong with a page: its frame, inline code, forms, fields, pictures, assets."""
    page = BeautifulSoup(html, "html.parser")
    found = [] if is_mail else _inline(page)
    found += [f"markup in an attribute: {one[-60:]}" for one in MARKUP_INSIDE.findall(html)]
    if len(page.find_all("h1")) != 1:
        found.append("not one h1")
    if page.title is None or not page.title.get_text(strip=True):
        found.append("no title")
    if not page.html or not page.html.get("lang"):
        found.append("no language")
    ids = [tag["id"] for tag in page.find_all(id=True)]
    found += [f"the id {one} stands twice" for one in sorted({i for i in ids if ids.count(i) > 1})]
    return found + _forms(page) + _fields(page) + _assets(page)


def _inline(page: BeautifulSoup) -> list[str]:
    found = [f"inline code or style: {tag.name}" for tag in page.find_all("style")]
    for tag in page.find_all(True):
        for name, value in tag.attrs.items():
            runs = str(value).strip().lower().startswith("javascript:")
            if name.startswith("on") or name == "style" or runs:
                found.append(f"inline code or style: {tag.name} {name}")
    for script in page.find_all("script", src=False):
        if script.get("type") not in DATA:
            found.append("inline code or style: script")
    return found


def _forms(page: BeautifulSoup) -> list[str]:
    found = []
    for form in page.find_all("form", method=re.compile("post", re.I)):
        token = form.find("input", {"name": "csrf_token"})
        if token is None or not token.get("value"):
            found.append(f"the form {form.get('id')} has no token")
    return found


def _fields(page: BeautifulSoup) -> list[str]:
    labelled = {tag["for"] for tag in page.find_all("label", {"for": True}) if _says(tag)}
    found = []
    for field in page.find_all(["input", "select", "textarea"]):
        kind = field.get("type", "")
        if kind in ("hidden", "submit") or field.get("aria-hidden") == "true":
            continue
        if not (field.get("id") in labelled or _is_named(page, field)):
            found.append(f"the field {field.get('name')} has no label")
    for button in page.find_all("button"):
        if not _says(button) and not _is_named(page, button):
            found.append(f"a button has no name: {str(button)[:60]}")
    return found


def _is_named(page: BeautifulSoup, tag: Tag) -> bool:
    """Tell whether a field or button is named by itself, by another element or by its label."""
    if str(tag.get("aria-label", "")).strip():
        return True
    names = str(tag.get("aria-labelledby", "")).split()
    around = tag.find_parent("label")
    return any(_says(page.find(id=name)) for name in names) or _says(around)


def _says(tag: Tag | None) -> bool:
    """Tell whether an element has words in it, or a picture that says some."""
    if tag is None:
        return False
    pictures = tag.find_all("img", alt=True)
    return bool(tag.get_text(strip=True)) or any(picture["alt"] for picture in pictures)


def _assets(page: BeautifulSoup) -> list[str]:
    found = [f"a picture says nothing: {str(i)[:60]}" for i in page.find_all("img", alt=False)]
    for tag in page.find_all(True):
        wanted = [tag.get(name) for name in ("src", "data", "poster")]
        wanted += str(tag.get("srcset", "")).split(",")
        if tag.name in ("link", "use", "image"):
            wanted += [tag.get("href"), tag.get("xlink:href")]
        found += [f"loaded from elsewhere: {one}" for one in wanted if one and FOREIGN.match(one)]
    return found
