"""What holds for every page that any test opens; here each rule is shown a page that breaks it."""

import pytest

from tests.support.web import faults

GOOD = (
    '<!doctype html><html lang="en"><head><title>Orders</title></head><body><h1>Orders</h1>'
    '<form method="post" id="f"><input type="hidden" name="csrf_token" value="x">'
    '<label for="q">Number</label><input id="q" name="q"><button>Send</button></form>'
    '<img src="/logo" alt="Keystone"></body></html>'
)


def test_a_page_that_breaks_no_rule_has_no_fault() -> None:
    assert faults(GOOD) == []


@pytest.mark.parametrize(
    ("part", "broken", "said"),
    [
        ("<h1>Orders</h1>", "<h1>Orders</h1><h1>Again</h1>", "not one h1"),
        ("<h1>Orders</h1>", "", "not one h1"),
        ("<title>Orders</title>", "<title> </title>", "no title"),
        (' lang="en"', "", "no language"),
        ("<button>", '<button onclick="go()">', "inline code or style"),
        ("<h1>", '<h1 style="color:red">', "inline code or style"),
        ("<h1>", "<style>h1 { color: red }</style><h1>", "inline code or style"),
        ('name="csrf_token"', 'name="other"', "the form f has no token"),
        ('<label for="q">', '<label for="p">', "the field q has no label"),
        ("<button>Send", "<button>", "a button has no name"),
        (' alt="Keystone"', "", "a picture says nothing"),
        ('src="/logo"', 'src="https://cdn.example/x"', "loaded from elsewhere"),
        ("<h1>", '<p id="f"></p><h1>', "the id f stands twice"),
    ],
)
def test_each_rule_notices_a_page_that_breaks_it(part: str, broken: str, said: str) -> None:
    assert part in GOOD
    found = faults(GOOD.replace(part, broken))
    assert len(found) == 1
    assert found[0].startswith(said)
