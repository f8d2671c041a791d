"""A visitor's browser for tests of screens: WebTest that checks every page it sees."""

import re
from typing import Any

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
    """Assert what holds for every page: one h1, a title, a language, nothing inline."""
    if response.content_type != "text/html" or 300 <= response.status_int < 400:
        return
    body = response.body
    where = response.request.path
    if b"<html" not in body:
        return
    assert len(re.findall(rb"<h1\b", body)) == 1, f"{where}: not one h1"
    assert re.search(rb"<title>\s*[^<\s]", body), f"{where}: no title"
    assert re.search(rb"<html[^>]*\slang=", body), f"{where}: no language"
    # A mail must carry its style with it; the page that shows one may run and load nothing.
    is_mail = "sandbox" in response.headers.get("Content-Security-Policy", "").split("; ")
    found = None if is_mail else INLINE.search(body)
    assert not found, f"{where}: inline code or style near {body[found.start() :][:60]!r}"
    ids = re.findall(rb"\sid=\"([^\"]+)\"", body)
    assert len(ids) == len(set(ids)), f"{where}: an id stands twice"
