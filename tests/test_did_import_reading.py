"""An inventory file as rows and values: headings, separators, encodings, numbers, broken lines."""

import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from did_import import FileProblem, read
from did_import.cells import BadRow, values_of
from did_import.nanp import read_number
from did_import.reading import LONGEST_LINE
from did_import.reporting import harmless
from models import DidType


def values(text: str | bytes) -> list[dict]:
    source = read(text.encode() if isinstance(text, str) else text, "numbers.csv")
    return [values_of(row, source.headings) for row in source.rows() if not row.is_blank]


def problem(line: str, heading: str = "Number,Tier,State,LATA,SMS,MRC,Features") -> str:
    with pytest.raises(BadRow) as caught:
        values(f"{heading}\n{line}\n")
    return str(caught.value)


# --- Headings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "heading",
    ["Number", "DID", "tn", "TNs", "Phone Number", "telephone_number", "PHONE #", "E.164"],
)
def test_a_column_of_numbers_is_known_by_many_names(heading):
    assert values(f"{heading}\n4125550100\n")[0]["number"] == "+14125550100"


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Rate Center", "rate_center"),
        ("rate centre", "rate_center"),
        ("RATECENTER (abbr.)", "rate_center"),
        ("rc", "rate_center"),
    ],
)
def test_a_rate_centre_is_known_by_many_names(heading, field):
    assert values(f"tn,{heading}\n4125550100,PITTSBURGH\n")[0][field] == "PITTSBURGH"


@pytest.mark.parametrize("heading", ["Monthly", "MRC", "mrc (USD)", "monthly price", "Monthly $"])
def test_a_monthly_price_is_known_by_many_names(heading):
    assert values(f"tn,{heading}\n4125550100,1.25\n")[0]["monthly_micros"] == 1_250_000


def test_a_missing_column_of_numbers_is_refused_with_what_was_found():
    with pytest.raises(FileProblem, match="it reads: “Tier”, “Town”"):
        read(b"Tier,Town\n1,Pittsburgh\n", "x.csv")


def test_two_columns_of_numbers_are_refused_with_both_names():
    with pytest.raises(FileProblem, match="could be the Number: “DID”, “Phone”"):
        read(b"DID,Tier,Phone\n1,1,1\n", "x.csv")


def test_a_column_that_is_not_understood_is_named():
    assert read(b"TN,Colour\n4125550100,red\n", "x.csv").remarks() == ["Not used: Colour."]


# --- The file ---------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_separators_and_line_endings_make_no_difference(separator, ending):
    text = ending.join(["TN,Tier,City", '4125550100,2,"St. Mary"', ""]).replace(",", separator)
    assert values(text)[0] | {"type": None} == {
        "number": "+14125550100",
        "type": None,
        "tier": "2",
        "city": "St. Mary",
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_name_with_an_accent_survives_every_encoding(encoding):
    content = "TN,City\n4125550100,Montréal\n".encode(encoding)
    assert values(content)[0]["city"] == "Montréal"


def test_an_encoding_that_was_guessed_is_told():
    source = read("TN,City\n4125550100,Montréal\n".encode("latin-1"), "x.csv")
    assert source.encoding == "cp1252"
    assert "Windows-1252" in source.remarks()[0]


def test_excels_own_first_line_is_passed_over():
    assert values("sep=;\nTN;Tier\n4125550100;2\n")[0]["tier"] == "2"


def test_a_quoted_value_may_hold_separator_quote_and_line_break():
    text = 'TN,City,Tier\n4125550100,"A, ""B""\nC",1\n4125550101,D,1\n'
    source = read(text.encode(), "x.csv")
    assert [(row.at, row.lines) for row in source.rows()] == [(2, 2), (4, 1)]
    assert values(text)[0]["city"] == 'A, "B" C'


def test_a_quote_that_never_closes_spoils_its_own_line_only():
    lines = ["TN,City", '4125550100,"Erie', *(f"41255501{n:02},Butler" for n in range(1, 30))]
    rows = list(read("\n".join(lines).encode(), "x.csv").rows())
    assert [row.at for row in rows if row.problem] == [2]
    assert len(rows) == 30


def test_a_line_that_is_too_long_is_one_bad_row():
    content = b"TN,City\n4125550100," + b"x" * 5_000_000 + b"\n4125550101,Erie\n"
    rows = list(read(content, "x.csv").rows())
    assert [bool(row.problem) for row in rows] == [True, False]
    assert len(rows[0].cells[0]) <= 500


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The file is empty"),
        (b"\n \n\r\n", "The file is empty"),
        (b"PK\x03\x04rest", "an Excel workbook"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x1f\x8b\x08\x00", "a compressed file"),
        (bytes(range(32)) * 9, "not a text file"),
        (b"Telephone,Ti\0er\n", "unreadable"),
    ],
)
def test_what_is_no_list_is_refused_in_a_sentence(content, says):
    with pytest.raises(FileProblem, match=says):
        read(content, "x.csv")


def test_a_stream_that_cannot_go_back_is_read_all_the_same():
    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    source = read(Pipe(b"TN\n4125550100\n"), "x.csv")
    assert [row.cells for row in source.rows()] == [["4125550100"]]


# --- Values -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        "4125550100", "14125550100", "+14125550100", "(412) 555-0100", "412.555.0100",
        "412 555 0100", "1-412-555-0100", "412‑555–0100", "\u00a0412-555-0100 ", "'+14125550100",
        '="4125550100"', "tel:+1-412-555-0100", "（412）555-0100",
    ],
)  # fmt: skip
def test_a_number_is_read_in_any_usual_spelling(written):
    assert read_number(written) == ("+14125550100", DidType.LOCAL)


@pytest.mark.parametrize("npa", ["800", "833", "844", "855", "866", "877", "888"])
def test_a_toll_free_number_is_known_by_its_area_code(npa):
    assert read_number(f"{npa}-555-0100") == (f"+1{npa}5550100", DidType.TOLL_FREE)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("", "missing"),
        ("412555010", "has 9 digits"),
        ("4.12556E+09", "spreadsheet shortened"),
        ("+4125550100", "North American plan"),
        ("٤١٢٥٥٥٠١٠٠", "not a ten-digit number"),
        ("41255501٠٠", "not a ten-digit number"),
        ("012-555-0100", "begin with 2 to 9"),
        ("411-555-0100", "no area code is 411"),
        ("371-555-0100", "no area code is 371"),
        ("961-555-0100", "no area code is 961"),
        ("412-911-0100", "no exchange is 911"),
        ("900-555-0100", "premium"),
        ("492-155-0100", "not a ten-digit number"),
        ("412-555-0100 x12", "letters"),
        ("412-555-0100;sip", "letters"),
    ],
)
def test_what_is_no_number_is_refused_with_the_reason(written, says):
    with pytest.raises(ValueError, match=says):
        read_number(written)


def test_features_are_read_however_they_are_separated():
    heading = "TN,Features\n4125550100,"
    for text in ("T.38 / SMS", "sms|fax", '"T38, SMS"', "t-38;SMS;voice", "Texting + T.38"):
        found = values(heading + text)[0]
        assert (found["has_t38"], found["has_cnam"], found["has_sms"]) == (True, False, True)


def test_features_are_read_in_the_words_of_our_own_lists():
    found = values('TN,Features\n4125550100,"SMS, T.38 fax, Caller ID name"\n')[0]
    assert (found["has_t38"], found["has_cnam"], found["has_sms"]) == (True, True, True)


def test_no_features_are_written_as_none():
    found = values("TN,Features\n4125550100,none\n")[0]
    assert (found["has_t38"], found["has_cnam"], found["has_sms"]) == (False, False, False)


def test_a_column_of_its_own_prevails_over_the_list_of_features():
    text = "TN,SMS,Features,CNAM\n4125550100,no,SMS CNAM,\n"
    found = values(text)[0]
    assert (found["has_sms"], found["has_cnam"]) == (False, True)


def test_a_blank_cell_says_nothing_but_a_blank_price_says_as_the_tier():
    text = "TN,Tier,State,SMS,MRC,DID group,Features\n4125550100,,,,,,\n"
    assert set(values(text)[0]) == {"number", "type", "monthly_micros"}
    assert values(text)[0]["monthly_micros"] is None


def test_a_line_that_ends_early_says_nothing_of_the_rest():
    assert "monthly_micros" not in values("TN,Tier,MRC\n4125550100,1\n")[0]


def test_a_state_is_read_by_code_or_name_and_tf_is_none():
    text = "TN,State\n4125550100,pa\n4125550101,new  york\n8335550101,TF\n"
    assert [v.get("state") for v in values(text)] == ["PA", "NY", None]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("4125550100,1,ZZ,,,,", "“ZZ” is not a state"),
        ("4125550100,1,PA,PIT,,,", "“PIT” is not a LATA"),
        ("4125550100,1,PA,,perhaps,,", "neither yes nor no"),
        ("4125550100,1,PA,,,-1,", "“-1” is not a price"),
        ('4125550100,1,PA,,,"1,50",', "can be read in two ways"),
        ("4125550100,1,PA,,,,teleport", "“teleport” is not a feature"),
        ("4125550100,123456789012345678901,,,,,", "The tier has more than 20 characters"),
        ("4125550100,1,PA,,,,,,more", "9 values where the first line names 7"),
        ("4125550100,1\x07,,,,,", "a character that cannot be shown"),
    ],
)
def test_a_wrong_value_is_refused_with_what_to_write(line, says):
    assert says in problem(line)


def test_everything_that_is_wrong_in_a_line_is_told_at_once():
    assert problem("412555,1,ZZ,PIT,,free,").count("“") == 4


def test_money_is_exact():
    text = 'TN,MRC,NRC\n4125550100,0.000001,"$1,234.50"\n'
    found = values(text)[0]
    assert (found["monthly_micros"], found["setup_micros"]) == (1, 1_234_500_000)


# --- Whatever is thrown at it -----------------------------------------------------------------


def count_lines(text: str) -> int:
    return len(io.StringIO(text, newline=None).readlines())


cells = st.text(st.sampled_from(list('0123456789,;"\n\r\t x\0é=')), max_size=14)


@given(st.lists(cells, max_size=12), st.sampled_from(["", "\ufeff"]))
@settings(max_examples=400, deadline=None)
def test_every_line_of_any_file_comes_out_once(parts, mark):
    body = "\n".join(parts)
    text = f"TN,Tier,City,{'Remarks' * 100}\n{body}"
    source = read((mark + text).encode(), "x.csv")
    at = source.first_line
    for row in source.rows():
        assert row.at == at
        at += row.lines
    assert at - 1 == count_lines(text)


def attempt(reader, *given):
    """Give what a reader reads and "", or None and the sentence of its refusal."""
    try:
        return reader(*given), ""
    except (FileProblem, ValueError) as refused:
        return None, str(refused)


@given(st.binary(max_size=400))
@settings(max_examples=400, deadline=None)
def test_no_file_whatever_makes_the_reader_stumble(content):
    for start in (b"", b"TN,Tier,State,MRC,Features,City\n4125550100,"):
        source, says = attempt(read, start + content, "x.csv")
        assert says.endswith(".") or source is not None
        for row in source.rows() if source else ():
            found, says = attempt(values_of, row, source.headings)
            assert says.endswith(".") or "number" in found


@given(st.text(max_size=30))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_number_or_a_sentence(text):
    found, says = attempt(read_number, text)
    assert says.endswith(".") or re.fullmatch("[+]1[2-9][0-9]{9}", found[0])


# --- Formulas ---------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["=1+1", "+41", "-1", "@sum", "\t=1", ' "=1', "\r=1", "'=1"])
def test_a_formula_is_made_harmless(cell):
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["+14125550100", "Pittsburgh", "", "412-555-0100", "1.50"])
def test_what_is_no_formula_stays_as_it_is(cell):
    assert harmless(cell) == cell


def test_the_longest_line_is_as_long_as_the_sentence_says():
    assert f"{LONGEST_LINE:,}" == "10,000"
