"""A client's person who reads all that can be reached: pages, forms, files, assets (P31).

Every link and every form of a page is tried, each address a few times; forms that write are sent
as they stand, with likely words in their empty fields. What was read is kept, to be searched.
"""

import io
import re
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from flask import Flask
from pypdf import PdfReader
from webtest import TestResponse
from webtest.forms import Checkbox, File, Form, Upload
from werkzeug.exceptions import HTTPException

import demo
from tests.support.web import Visitor
from tests.support.words import leaks

MOST_ALIKE = 3
"""How many addresses of one kind are opened: pages of numbers are many, and all alike."""

NOT_SENT = ("sign_out", "sign_out_elsewhere", "end_session", "change_password", "change_address")
"""Forms that would end the reading, or change who reads."""

TYPED = {
    "forward_to": "412 555 0142",
    "failover_to": "412 555 0142",
    "display_name": "Acme",
    "number": "412 555 0197",
    "caller_name": "Acme Dental",
    "address1": "100 Fifth Avenue",
    "city": "Pittsburgh",
    "state": "PA",
    "zip": "15222",
    "current_password": demo.PASSWORD,
    "code": "000000",
    "note": "For the desk.",
    "text": "Which floor?",
}
SHEET = b"Number,Caller ID Name: Name to show\r\n4125550100,Desk\r\n4125550107,Desk\r\nx,Desk\r\n"
NOT_OURS = "/static/vendor/"


class Reader:
    """Reads on until nothing new is left; ``read`` has every answer by what led to it."""

    def __init__(self, browser: Visitor) -> None:
        self.browser = browser
        self.app: Flask = browser.flask
        self.read: dict[str, TestResponse] = {}
        self._waiting: deque[str] = deque()
        self.opened: Counter[tuple[str, ...]] = Counter()
        self._known: set[str] = set()

    def crawl(self, *starts: str) -> "Reader":
        """Read from the addresses given on."""
        self._waiting.extend(starts)
        while self._waiting:
            self._open(self._waiting.popleft())
        return self

    def endpoints(self) -> set[str]:
        """Tell which endpoints answered."""
        return {kind[1] for kind in self.opened}

    def _open(self, url: str) -> None:
        kind = self._kind("GET", url)
        if url in self._known or kind is None or self.opened[kind] >= MOST_ALIKE:
            return
        self._known.add(url)
        self.opened[kind] += 1
        self._keep(f"GET {url}", self.browser.get(url, status="*"))

    def _keep(self, what: str, answer: TestResponse) -> None:
        self.read[what] = answer
        if 300 <= answer.status_int < 400:
            onward = path_of(answer.request.path, answer.headers["Location"])
            self._known.discard(onward)
            self._waiting.append(onward)
        elif answer.content_type == "text/html":
            self._waiting.extend(links(answer))
            for form in dict.fromkeys(answer.forms.values()):
                self._send(answer.request.path, form)

    def _send(self, path: str, form: Form) -> None:
        method, usual = form.method.upper(), form.action
        for name, value, own in submits(form):
            action = urljoin(path, own or usual or path)
            kind = self._kind(method, action)
            if kind is None or kind[1].removeprefix("portal.") in NOT_SENT:
                continue
            kind = (*kind, str(form.id), str(name), str(value))
            if self.opened[kind] >= MOST_ALIKE:
                continue
            self.opened[kind] += 1
            fill(form)
            form.action = action
            answer = form.submit(name, value=value, status="*")
            self._keep(f"{method} {action} ({form.id} {name} {value})", answer)

    def _kind(self, method: str, url: str) -> tuple[str, ...] | None:
        """Tell what an address is one of many of; None for one that is not of the portal."""
        parts = urlsplit(url)
        is_ours = parts.path.startswith(("/portal/", "/static/"))
        if parts.netloc or not is_ours or parts.path.startswith(NOT_OURS):
            return None
        try:
            endpoint, values = self.app.url_map.bind("localhost").match(parts.path, method)
        except HTTPException:
            return (method, "", parts.path)
        fixed = values.get("filename") or values.get("service") or values.get("what") or ""
        return (method, str(endpoint), fixed, *sorted({key for key, _ in parse_qsl(parts.query)}))


def path_of(base: str, url: str) -> str:
    """Write an address as a path of this site, where it is one."""
    return re.sub(r"^https?://localhost(:80)?(?=/)", "", urljoin(base, url)).partition("#")[0]


def links(page: TestResponse) -> Iterator[str]:
    """List what a page leads to, and what it is made of."""
    for tag in page.html.find_all(True):
        for name in ("href", "src", "xlink:href"):
            if tag.get(name):
                yield path_of(page.request.path, str(tag[name]))


def submits(form: Form) -> list[tuple[str | None, ...]]:
    """List the ways to send a form: each button's name, value and, if it has one, address."""
    buttons = [one for one in form.html.find_all("button") if one.get("type") != "button"]
    ways = [tuple(one.get(key) for key in ("name", "value", "formaction")) for one in buttons]
    return list(dict.fromkeys(ways)) or [(None, None, None)]


def fill(form: Form) -> None:
    """Write likely words into empty fields, tick what leads on, and give a file where one goes."""
    for name, fields in form.fields.items():
        for place, field in enumerate(fields):
            if isinstance(field, File):
                field.value = Upload("numbers.csv", SHEET)
            elif isinstance(field, Checkbox):
                field.checked = field.checked or name == "accepted" or (name == "n" and place < 2)
            elif name in TYPED and not field.value:
                field.value = TYPED[name]


def said(answer: TestResponse) -> str:
    """Give all that an answer says: its headers, its text, and what stands in a PDF."""
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    if answer.content_type == "application/pdf":
        return f"{headers}\n{text_of_pdf(answer.body)}"
    return f"{headers}\n{answer.body.decode(errors='replace')}"


def text_of_pdf(body: bytes) -> str:
    """Give the text of a PDF's pages, and what it says about itself."""
    found: Any = PdfReader(io.BytesIO(body))
    about = [f"{key}: {value}" for key, value in (found.metadata or {}).items()]
    xmp = found.xmp_metadata
    about.append(xmp.stream.get_data().decode() if xmp else "")
    return "\n".join([*about, *(page.extract_text() for page in found.pages)])


def leaks_in(what: str, answer: TestResponse) -> list[str]:
    """List the forbidden words of an answer, and of the address that led to it."""
    return leaks(what) + leaks(said(answer))
