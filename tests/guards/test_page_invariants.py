"""What holds for every page that any test opens; here each rule is shown a page that breaks it."""

import pytest

from tests.support.web import faults

GOOD = (
    '<!doctype html><html lang="en"><head><title>Orders</title></head><body><h1>Orders</h1>'
    '<form method="post" id="f"><input type="hidden" name="csrf_token" value="x">'
    '<label for="q">Number</label><input id="q" name="q"><button>Send</button></form>'
    '<img src="/logo" alt="Keystone"></body></html>'
)
FIELD = '<label for="q">Number</label><input id="q" name="q">'


def test_a_page_that_breaks_no_rule_has_no_fault() -> None:
    assert faults(GOOD) == []


@pytest.mark.parametrize(
    ("part", "broken", "said"),
    [
        ("<h1>Orders</h1>", "<h1>Orders</h1><h1>Again</h1>", "not one h1"),
        ("<h1>Orders</h1>", "", "not one h1"),
        ("<title>Orders</title>", "<title> </title>", "no title"),
        ("<title>Orders</title>", "", "no title"),
        (' lang="en"', "", "no language"),
        ("<button>", '<button onclick="go()">', "inline code or style"),
        ("<h1>", '<h1 style="color:red">', "inline code or style"),
        ("<h1>", "<h1 style=color:red>", "inline code or style"),
        ("<button>", "<button onclick=go()>", "inline code or style"),
        ("<h1>", "<script>go()</script><h1>", "inline code or style"),
        ("<h1>", '<a href=" JavaScript:go()">Go</a><h1>', "inline code or style"),
        ("<h1>", "<style>h1 { color: red }</style><h1>", "inline code or style"),
        ('name="csrf_token"', 'name="other"', "the form f has no token"),
        ('value="x"', 'value=""', "the form f has no token"),
        ('method="post" id="f"><input', 'method="POST" id="f"><meta', "the form f has no token"),
        ('<label for="q">', '<label for="p">', "the field q has no label"),
        ('<label for="q">Number', '<label for="q">', "the field q has no label"),
        ('<input id="q" name="q">', '<select name="s"></select>', "the field s has no label"),
        ('<input id="q" name="q">', '<textarea name="t"></textarea>', "the field t has no label"),
        ('id="q" name="q"', 'name="q" aria-labelledby="nobody"', "the field q has no label"),
        ('<label for="q">Number</label><input id="q"', "<label>A</label><input", "the field q has"),
        ("<button>Send", "<button>", "a button has no name"),
        (' alt="Keystone"', "", "a picture says nothing"),
        ('src="/logo"', 'src="https://cdn.example/x"', "loaded from elsewhere"),
        ('src="/logo"', 'src="//localhost.example/x"', "loaded from elsewhere"),
        (
            'src="/logo"',
            'src="/logo" srcset="/a 1x, http://b.example/b 2x"',
            "loaded from elsewhere",
        ),
        ("<h1>", '<script src="http://cdn.example/x.js"></script><h1>', "loaded from elsewhere"),
        ("<h1>", '<link rel="stylesheet" href="//cdn.example/x.css"><h1>', "loaded from elsewhere"),
        ("<h1>", '<p id="f"></p><h1>', "the id f stands twice"),
        ("<h1>", '<p title="$<b>1</b>"></p><h1>', "markup in an attribute"),
    ],
)
def test_each_rule_notices_a_page_that_breaks_it(part: str, broken: str, said: str) -> None:
    assert part in GOOD
    found = faults(GOOD.replace(part, broken))
    assert len(found) == 1
    assert found[0].startswith(said)


@pytest.mark.parametrize(
    ("part", "other"),
    [
        (FIELD, '<label>Number <input name="q"></label>'),
        (FIELD, '<b id="said">Number</b><input name="q" aria-labelledby="said">'),
        (FIELD, '<select aria-label="Number" name="q"></select>'),
        ("<h1>", '<script type="application/json">{"days": []}</script><h1>'),
        ("<h1>", '<script src="http://localhost:8000/static/js/app.js"></script><h1>'),
        ("<h1>", '<a href="https://keystone.example/help">Help</a><h1>'),
        ("<button>Send", '<button aria-label="Send">'),
        ("<button>Send", '<button><img src="/send.png" alt="Send">'),
        ("<button>Send", '<button name="act" value="style=">Send onclick="x"'),
    ],
)
def test_what_no_rule_forbids_is_no_fault(part: str, other: str) -> None:
    assert part in GOOD
    assert faults(GOOD.replace(part, other)) == []
