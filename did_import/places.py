"""The states, territories and provinces of the North American plan that a number can lie in."""

_NAMES = """
AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware
DC District of Columbia|FL Florida|GA Georgia|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa
KS Kansas|KY Kentucky|LA Louisiana|ME Maine|MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota
MS Mississippi|MO Missouri|MT Montana|NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey
NM New Mexico|NY New York|NC North Carolina|ND North Dakota|OH Ohio|OK Oklahoma|OR Oregon
PA Pennsylvania|RI Rhode Island|SC South Carolina|SD South Dakota|TN Tennessee|TX Texas|UT Utah
VT Vermont|VA Virginia|WA Washington|WV West Virginia|WI Wisconsin|WY Wyoming|PR Puerto Rico
VI Virgin Islands|GU Guam|AS American Samoa|MP Northern Mariana Islands|AB Alberta
BC British Columbia|MB Manitoba|NB New Brunswick|NL Newfoundland and Labrador|NS Nova Scotia
NT Northwest Territories|NU Nunavut|ON Ontario|PE Prince Edward Island|QC Quebec|SK Saskatchewan
YT Yukon
"""

STATES: dict[str, str] = {
    entry[:2]: entry[3:] for line in _NAMES.split("\n") for entry in line.split("|") if entry
}
"""Two-letter codes and the names they stand for."""

_CODES = {name.casefold(): code for code, name in STATES.items()}


def state_code(written: str) -> str | None:
    """Read a state by its code or its name; None when there is no such state.

    Full stops do not matter: Pa. and N. Y. are codes too.
    """
    words = written.replace(".", " ").split()
    code = "".join(words).upper()
    return code if code in STATES else _CODES.get(" ".join(words).casefold())
