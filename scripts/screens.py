"""Takes a picture of every page on a throw-away demo for docs/screens/, and fails on complaints.

A new page is a line in PAGES. What fails: a console error, a script's or a style's refusal by the
content policy, a page that does not answer as it should, a page that scrolls sideways.
"""

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    sync_playwright,
)
from werkzeug.serving import WSGIRequestHandler, make_server

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from palette import smaller  # noqa: E402  It stands beside this script.

PICTURES = ROOT / "docs" / "screens"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
ADDRESS = "http://office.example"
"""What the pictures show as the deployment's address; the browser takes it to this machine."""
WIDTHS = {"wide": 1440, "narrow": 390}
SCHEMES = ("light", "dark")
TALLEST = {"wide": 900, "narrow": 1500}
"""Pixels; a longer page is cut there."""
MOST_BYTES = 18_000_000
"""All pictures together."""

Act = Callable[[Page], None]


@dataclass(frozen=True)
class Screen:
    """One page: the picture's name, who looks, where, and what is done there before the picture."""

    name: str
    who: str | None
    path: str
    act: Act | None = None
    status: int = 200


def follow(selector: str) -> Act:
    """Open the first link that fits."""

    def act(page: Page) -> None:
        page.goto(page.locator(selector).first.get_attribute("href"))

    return act


def then_follow(*selectors: str) -> Act:
    """Open the first link that fits, then the one that fits on its page, and so on."""

    def act(page: Page) -> None:
        for selector in selectors:
            follow(selector)(page)

    return act


def press(*selectors: str) -> Act:
    """Press one after the other, and wait for the page that answers the last."""

    def act(page: Page) -> None:
        *before, last = selectors
        for selector in before:
            page.locator(selector).first.click()
        # A page that a script opens, after an upload, is under way only a moment after the press.
        with page.expect_navigation():
            page.locator(last).first.click()

    return act


def tick(count: int, boxes: str, button: str | None = None) -> Act:
    """Tick the first boxes that fit, then press a button."""

    def act(page: Page) -> None:
        for number in range(count):
            page.locator(boxes).nth(number).check()
        if button:
            press(button)(page)

    return act


def keep_view(name: str) -> Act:
    """Keep the list as it is shown under a name, and look at it then."""

    def act(page: Page) -> None:
        if page.locator("#keep-view").count():
            page.locator(".view-keep > summary").click()
            page.fill("#view-name", name)
            press("#keep-view button")(page)

    return act


def open_help(page: Page) -> None:
    """Open the help over the page; on a phone the menu comes first."""
    if not page.locator("#help").is_visible():
        page.locator(".shell-menu > summary").click()
    page.locator("#help").click()
    page.locator("dialog.help").wait_for()


def upload(file: str) -> Act:
    """Give a file of sample_data/ to the page's form."""

    def act(page: Page) -> None:
        page.locator("input[type=file]").set_input_files(ROOT / "sample_data" / file)
        press("main form [type=submit], main form button:not([type])")(page)

    return act


def preview_mail(page: Page) -> None:
    """Fill the form of a new login and ask for the preview of its mail."""
    page.locator("#client_id").select_option(index=1)
    page.fill("#name", "Erin Walsh")
    page.fill("#email", "erin@acme.example")
    page.fill("#notify", "erin@acme.example")
    page.get_by_role("button", name="Preview").click()
    page.wait_for_load_state()


def check_address(page: Page) -> None:
    """Type an address that the validator corrects."""
    typed = {
        "number": "412-555-0177",
        "caller_name": "Acme Dental",
        "address1": "100 Fifth Avenue Suite 300",
        "address2": "3rd floor",
        "city": "Pittsburgh, PA",
        "state": "Pennsylvania",
        "zip": "15222-1234",
    }
    for name, value in typed.items():
        page.fill(f"#{name}", value)
    page.check("#accepted")
    press("#e911 button")(page)


STAFF, LOGIN = "alice@keystone.example", "bob@acme.example"
OWNER = "olivia@keystone.example"
OFFICE, PORTAL = "/admin", "/portal/keystone"
ORDER = "main tbody a[href*='/orders/']"
DETAILS = "main tbody a[href*='/details/']"
PAGES = (
    Screen("sign-in", None, f"{OFFICE}/login"),
    Screen("sign-in-refused", None, f"{OFFICE}/login", press("#sign-in [type=submit]")),
    Screen("forgotten", None, f"{OFFICE}/forgotten"),
    Screen("first-page", STAFF, f"{OFFICE}/"),
    Screen("clients", STAFF, f"{OFFICE}/clients/"),
    Screen("clients-view", STAFF, f"{OFFICE}/clients/?sort=0&desc=1", keep_view("Newest last")),
    Screen("client", STAFF, f"{OFFICE}/clients/1/"),
    Screen("client-new", STAFF, f"{OFFICE}/clients/new/"),
    Screen("client-logins", STAFF, f"{OFFICE}/clients/1/logins/"),
    Screen("client-pending-orders", STAFF, f"{OFFICE}/clients/1/pending-orders/"),
    Screen("client-order-history", STAFF, f"{OFFICE}/clients/1/order-history/"),
    Screen("client-numbers", STAFF, f"{OFFICE}/clients/1/numbers/"),
    Screen("client-911", STAFF, f"{OFFICE}/clients/1/911/"),
    Screen("client-ports", STAFF, f"{OFFICE}/clients/1/ports/"),
    Screen("client-usage", STAFF, f"{OFFICE}/clients/1/usage/"),
    Screen("client-calls", STAFF, f"{OFFICE}/clients/1/usage/", follow("#usage-numbers a")),
    Screen("client-suspend", STAFF, f"{OFFICE}/clients/1/suspend"),
    Screen("client-charges", STAFF, f"{OFFICE}/clients/1/charges/"),
    Screen("client-adjust", OWNER, f"{OFFICE}/clients/1/charges/new/"),
    Screen("client-alerts", OWNER, f"{OFFICE}/clients/1/alerts/"),
    Screen("client-statements", STAFF, f"{OFFICE}/clients/1/statements/"),
    Screen("client-statement", STAFF, f"{OFFICE}/clients/1/statements/", follow("#months tbody a")),
    Screen("months", OWNER, f"{OFFICE}/months/"),
    Screen("usage", STAFF, f"{OFFICE}/usage/"),
    Screen("unassigned-calls", OWNER, f"{OFFICE}/unassigned/"),
    Screen("unassigned-give", OWNER, f"{OFFICE}/unassigned/", follow("#unassigned a.btn")),
    Screen("unused-numbers", STAFF, f"{OFFICE}/unused/"),
    Screen("call-files", STAFF, f"{OFFICE}/call-files/"),
    Screen("call-file", STAFF, f"{OFFICE}/call-files/", follow(DETAILS)),
    Screen("call-file-new", STAFF, f"{OFFICE}/call-files/new/"),
    Screen("call-file-waits", STAFF, f"{OFFICE}/call-files/new/", upload("calls_broken.CDR")),
    Screen("call-file-formats", STAFF, f"{OFFICE}/call-file-formats/"),
    Screen("call-file-format", STAFF, f"{OFFICE}/call-file-formats/", upload("calls_other.csv")),
    Screen("rate-plans", OWNER, f"{OFFICE}/rate-plans/"),
    Screen("rate-plan", OWNER, f"{OFFICE}/rate-plans/details/?id=1&q=4125550100"),
    Screen("rate-plan-new", OWNER, f"{OFFICE}/rate-plans/new/"),
    Screen("rate-plan-clients", OWNER, f"{OFFICE}/rate-plans/clients/?id=1"),
    Screen("rate", OWNER, f"{OFFICE}/rate-plans/details/?id=1", follow("#rates a")),
    Screen("rates-file", OWNER, f"{OFFICE}/rate-decks/new/1"),
    Screen("rates-file-preview", OWNER, f"{OFFICE}/rate-decks/new/1", upload("rates.csv")),
    Screen("price-again", OWNER, f"{OFFICE}/price-again/"),
    Screen(
        "price-again-compared",
        OWNER,
        f"{OFFICE}/price-again/",
        press("#again button:not([type])"),
    ),
    Screen("search", STAFF, f"{OFFICE}/search/?q=acme"),
    Screen("did-groups", STAFF, f"{OFFICE}/did-groups/"),
    Screen("did-group", STAFF, f"{OFFICE}/did-groups/edit/?id=1"),
    Screen("endpoint-groups", STAFF, f"{OFFICE}/endpoint-groups/"),
    Screen("endpoint-group-new", STAFF, f"{OFFICE}/endpoint-groups/new/"),
    Screen("911-groups", STAFF, f"{OFFICE}/911-groups/"),
    Screen("tiers", STAFF, f"{OFFICE}/tiers/"),
    Screen("tier", STAFF, f"{OFFICE}/tiers/", follow("tbody a")),
    Screen("service-prices", STAFF, f"{OFFICE}/prices/"),
    Screen("reject-reasons", STAFF, f"{OFFICE}/reject-reasons/"),
    Screen("client-order-settings", STAFF, f"{OFFICE}/clients/1/order-settings/"),
    Screen("order-settings", STAFF, f"{OFFICE}/order-settings/"),
    Screen("order-settings-defaults", STAFF, f"{OFFICE}/order-settings/defaults"),
    Screen("client-edit", STAFF, f"{OFFICE}/clients/1/edit"),
    Screen("logins", STAFF, f"{OFFICE}/logins/"),
    Screen("login", STAFF, f"{OFFICE}/logins/", follow(DETAILS)),
    Screen("login-new", STAFF, f"{OFFICE}/logins/new/"),
    Screen("login-mail", STAFF, f"{OFFICE}/logins/new/", preview_mail),
    Screen("pending-orders", STAFF, f"{OFFICE}/pending-orders/"),
    Screen("pending-orders-chosen", STAFF, f"{OFFICE}/pending-orders/", tick(2, "[data-row]")),
    Screen("order-pending", STAFF, f"{OFFICE}/pending-orders/", follow(ORDER)),
    Screen("order-history", STAFF, f"{OFFICE}/order-history/"),
    Screen(
        "order-rejected",
        STAFF,
        f"{OFFICE}/order-history/?flt0_state_is=rejected",
        follow(ORDER),
    ),
    Screen(
        "order-receipt",
        STAFF,
        f"{OFFICE}/order-history/?flt0_state_is=rejected",
        then_follow(ORDER, "#open-receipt"),
    ),
    Screen("numbers", STAFF, f"{OFFICE}/dids/"),
    Screen("numbers-none", STAFF, f"{OFFICE}/dids/?search=nothing-is-like-this"),
    Screen("number", STAFF, f"{OFFICE}/dids/?flt0_status_is=active", follow(DETAILS)),
    Screen("import", STAFF, f"{OFFICE}/did-import/"),
    Screen("import-preview", STAFF, f"{OFFICE}/did-import/", upload("inventory_broken.csv")),
    Screen("ports", STAFF, f"{OFFICE}/ports/"),
    Screen("port", STAFF, f"{OFFICE}/ports/1/"),
    Screen("port-new", STAFF, f"{OFFICE}/ports/new/"),
    Screen("port-complete", STAFF, f"{OFFICE}/ports/1/complete"),
    Screen("port-words", STAFF, f"{OFFICE}/port-words/"),
    Screen("911-addresses", STAFF, f"{OFFICE}/911/"),
    Screen("911-address", STAFF, f"{OFFICE}/911/", follow(DETAILS)),
    Screen("911-missing", STAFF, f"{OFFICE}/911-missing/"),
    Screen("mail", STAFF, f"{OFFICE}/mail/"),
    Screen("mail-one", STAFF, f"{OFFICE}/mail/", follow(DETAILS)),
    Screen("portal-settings", OWNER, f"{OFFICE}/portal-settings/"),
    Screen(
        "portal-settings-preview", OWNER, f"{OFFICE}/portal-settings/", press("[value=preview]")
    ),
    Screen("company", OWNER, f"{OFFICE}/company/"),
    Screen("retention", OWNER, f"{OFFICE}/retention/"),
    Screen("staff", OWNER, f"{OFFICE}/staff/"),
    Screen("staff-member", OWNER, f"{OFFICE}/staff/", follow(DETAILS)),
    Screen("staff-new", OWNER, f"{OFFICE}/staff/new/"),
    Screen("audit", OWNER, f"{OFFICE}/audit/"),
    Screen("client-activity", OWNER, f"{OFFICE}/clients/1/activity/"),
    Screen("profile", STAFF, f"{OFFICE}/profile/"),
    Screen("help", STAFF, f"{OFFICE}/help/"),
    Screen("help-over-a-page", STAFF, f"{OFFICE}/clients/", open_help),
    Screen("two-factor", STAFF, f"{OFFICE}/two-factor/"),
    Screen("not-found", STAFF, f"{OFFICE}/orders/NOTHING", status=404),
    Screen("portal-sign-in", None, f"{PORTAL}/sign-in"),
    Screen("portal-forgotten", None, f"{PORTAL}/forgotten"),
    Screen("portal-dead-link", None, f"{PORTAL}/set-password/nothing", status=410),
    Screen("portal-first-page", LOGIN, f"{PORTAL}/"),
    Screen("portal-numbers", LOGIN, f"{PORTAL}/numbers"),
    Screen("portal-order-numbers", LOGIN, f"{PORTAL}/order-numbers?state=PA&search=1"),
    Screen("portal-order-numbers-none", LOGIN, f"{PORTAL}/order-numbers?digits=0000000&search=1"),
    Screen(
        "portal-review",
        LOGIN,
        f"{PORTAL}/order-numbers?state=PA&search=1",
        tick(2, "input[name=n]", "[name=review]"),
    ),
    Screen("portal-number", LOGIN, f"{PORTAL}/numbers", follow("#numbers tbody a")),
    Screen(
        "portal-service", LOGIN, f"{PORTAL}/numbers", press("#numbers tbody a", "#services a.btn")
    ),
    Screen(
        "portal-many",
        LOGIN,
        f"{PORTAL}/numbers",
        tick(3, "#numbers tbody [name=n]", "#change-chosen"),
    ),
    Screen(
        "portal-release",
        LOGIN,
        f"{PORTAL}/numbers",
        tick(2, "#numbers tbody [name=n]", "#release-chosen"),
    ),
    Screen("portal-numbers-file", LOGIN, f"{PORTAL}/numbers/upload"),
    Screen("portal-911", LOGIN, f"{PORTAL}/911"),
    Screen("portal-911-new", LOGIN, f"{PORTAL}/911/new"),
    Screen("portal-911-many", LOGIN, f"{PORTAL}/911", tick(2, "#set-many [name=n]", "#set-chosen")),
    Screen("portal-911-check", LOGIN, f"{PORTAL}/911/new", check_address),
    Screen("portal-911-history", LOGIN, f"{PORTAL}/911", follow("#records tbody a")),
    Screen("portal-usage", LOGIN, f"{PORTAL}/usage"),
    Screen("portal-calls", LOGIN, f"{PORTAL}/usage", follow("#usage-numbers a")),
    Screen("portal-usage-days", LOGIN, f"{PORTAL}/usage?from=2026-11-30&to=2026-11-01"),
    Screen("portal-statements", LOGIN, f"{PORTAL}/statements"),
    Screen("portal-statement", LOGIN, f"{PORTAL}/statements", follow("#months tbody a")),
    Screen("portal-ports", LOGIN, f"{PORTAL}/ports"),
    Screen("portal-port", LOGIN, f"{PORTAL}/ports", follow("#ports-active tbody a")),
    Screen("portal-orders", LOGIN, f"{PORTAL}/orders"),
    Screen("portal-orders-completed", LOGIN, f"{PORTAL}/orders?tab=completed"),
    Screen("portal-order", LOGIN, f"{PORTAL}/orders", follow(ORDER)),
    Screen("portal-order-receipt", LOGIN, f"{PORTAL}/orders", then_follow(ORDER, "#open-receipt")),
    Screen("portal-people", LOGIN, f"{PORTAL}/people"),
    Screen("portal-account", LOGIN, f"{PORTAL}/account"),
    Screen("portal-two-factor", LOGIN, f"{PORTAL}/account/two-factor"),
    Screen("portal-not-found", LOGIN, f"{PORTAL}/orders/NOTHING", status=404),
)


class Quiet(WSGIRequestHandler):
    """Keep a line a request out of the output."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Write nothing."""


def main() -> int:
    """Take the pictures that are named, or all of them; tell what was wrong."""
    wanted = [screen for screen in PAGES if not sys.argv[1:] or screen.name in sys.argv[1:]]
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, serving(demo_app(Path(folder))) as port:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=switches(port))
            complaints = take_all(browser, wanted)
            browser.close()
    size = sum(picture.stat().st_size for picture in PICTURES.glob("*.png"))
    if size > MOST_BYTES:
        complaints.append(f"The pictures have {size:,} bytes; {MOST_BYTES:,} are allowed.")
    print(f"{len(wanted) * 4} pictures taken; docs/screens has {size:,} bytes.")
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


def switches(port: int) -> list[str]:
    """List Chromium's switches; the address leads to the port, and counts as secure there."""
    host = ADDRESS.removeprefix("http://")
    return [
        *SWITCHES,
        f"--host-resolver-rules=MAP {host} 127.0.0.1:{port}",
        f"--unsafely-treat-insecure-origin-as-secure={ADDRESS}",
    ]


def demo_app(folder: Path) -> Flask:
    """Make the application on a new SQLite database with the demo in it."""
    import flask_migrate

    import demo
    from app import create_app
    from config import Settings

    app = create_app(
        Settings.from_environment(
            {
                "DATABASE_URL": f"sqlite:///{folder / 'portico.db'}",
                "PUBLIC_URL": ADDRESS,
                "DELIVERER": "off",
                "LOG_LEVEL": "warning",
            }
        )
    )
    with app.app_context():
        flask_migrate.upgrade(directory=str(ROOT / "migrations"))
        demo.load()
    return app


@contextmanager
def serving(app: Flask) -> Iterator[int]:
    """Serve an application from a thread; give its port."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def take_all(browser: Browser, wanted: list[Screen]) -> list[str]:
    """Take each page in both widths and both schemes; give back what was wrong."""
    complaints: list[str] = []
    blank = browser.new_page()
    signed_in = {who: sign_in(browser, who) for who in (STAFF, OWNER, LOGIN)}
    for screen in wanted:
        for shape, width in WIDTHS.items():
            for scheme in SCHEMES:
                context = browser.new_context(
                    base_url=ADDRESS,
                    viewport={"width": width, "height": 900},
                    color_scheme=scheme,
                    reduced_motion="reduce",
                    storage_state=signed_in.get(screen.who),
                )
                name = f"{screen.name}-{shape}-{scheme}"
                faults = take(context, blank, screen, name, shape)
                complaints += [f"{name}: {words}" for words in faults]
                context.close()
    return complaints


def sign_in(browser: Browser, who: str) -> Any:
    """Sign in by the form; give the cookies."""
    import demo

    context = browser.new_context(base_url=ADDRESS)
    page = context.new_page()
    page.goto(f"{OFFICE}/login" if who in (STAFF, OWNER) else f"{PORTAL}/sign-in")
    page.fill("[name=email]", who)
    page.fill("[name=password]", demo.PASSWORD)
    page.click("#sign-in [type=submit]")
    page.wait_for_selector("#sign-out", state="attached")
    cookies = context.storage_state()
    context.close()
    return cookies


def take(context: BrowserContext, blank: Page, screen: Screen, name: str, shape: str) -> list[str]:
    """Open a page, do what is to be done there, look for faults and take the picture."""
    faults: list[str] = []
    statuses: list[int] = []
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.on("console", lambda message: note(message, faults))
    page.on("pageerror", lambda error: faults.append(f"uncaught: {error}"))
    page.on("response", lambda answer: keep_status(answer, page, statuses))
    try:
        page.goto(screen.path)
        if screen.act:
            screen.act(page)
    except Error as error:
        faults.append(error.message.splitlines()[0])
    page.wait_for_load_state()
    if statuses[-1:] != [screen.status]:
        faults.append(f"{page.url} answered {statuses[-1:]}, not {screen.status}.")
    beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if beyond > 0:
        faults.append(f"{page.url} scrolls sideways by {beyond} px.")
    height = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST[shape])
    page.set_viewport_size({"width": WIDTHS[shape], "height": max(height, 400)})
    picture = page.screenshot(animations="disabled")
    (PICTURES / f"{name}.png").write_bytes(smaller(picture, blank))
    return faults


def note(message: ConsoleMessage, faults: list[str]) -> None:
    """Keep a complaint of the console; a page that is an error on purpose is none."""
    if message.type == "error" and "server responded with a status of 4" not in message.text:
        faults.append(f"{message.location.get('url')}: {message.text}")


def keep_status(answer: Any, page: Page, statuses: list[int]) -> None:
    """Keep the answer's status where it is the page itself."""
    if answer.request.is_navigation_request() and answer.frame == page.main_frame:
        statuses.append(answer.status)


if __name__ == "__main__":
    if not shutil.which(CHROMIUM):
        sys.exit(f"There is no Chromium at {CHROMIUM}; set CHROMIUM to its path.")
    sys.exit(main())
