"""Two-factor sign-in: the codes of an authenticator app, and the recovery codes for a lost one.

The shared secret is encrypted with a key made from SECRET_KEY, so that the database alone makes no
codes. A code and a recovery code work once each. Nothing here commits or looks at a request.
"""

import hashlib
import io
import secrets
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any

import pyotp
from flask import current_app
from sqlalchemy import delete, func, or_, select, update

import audit
import mailer
from catalog import Invalid
from columns import now
from extensions import db
from models import Login, RecoveryCode, Reseller, Staff
from permissions import Actor
from policy import Refused

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

Person = Staff | Login

STEP_SECONDS = 30
STEPS_AROUND = 1
"""A code of the step before or after counts too: clocks differ, and typing takes time."""

CODES = 10
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without I, O, 0 and 1, which people mistake when they copy from paper."""

_LENGTH, _GROUP = 16, 4
WRONG = "This code is not right, or was used already. Wait for the next one and try again."
DEMANDED = "{} asks everyone for two-factor sign-in, so it cannot be turned off."


def is_on(person: Person) -> bool:
    """Tell whether a person's sign-in asks for a code."""
    return person.totp_confirmed_at is not None


def demand(reseller: Reseller, is_demanded: bool, *, by: Actor) -> bool:
    """Demand two-factor sign-in of all staff, or stop it; tell whether that changed anything."""
    before = reseller.require_two_factor
    if before == is_demanded:
        return False
    reseller.require_two_factor = is_demanded
    audit.record("reseller.changed", reseller, by, require_two_factor=[before, is_demanded])
    return True


# --- Setting up -------------------------------------------------------------------------------


def begin(person: Person) -> None:
    """Make a new secret that counts once a code confirms it; an unconfirmed one is replaced."""
    if is_on(person):
        raise Refused("Two-factor sign-in is on already. Turn it off to set it up anew.")
    person.totp_secret = _sealed(pyotp.random_base32())
    person.totp_last_step = None


def pending_secret(person: Person) -> str | None:
    """Give the secret for the app while it is being set up; afterwards nobody sees it again."""
    return None if is_on(person) else _secret(person)


def address(person: Person, issuer: str) -> str | None:
    """Write the pending secret as the address that authenticator apps read."""
    secret = pending_secret(person)
    if secret is None:
        return None
    return pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(
        name=person.email, issuer_name=issuer
    )


def picture(text: str) -> bytes:
    """Draw a text as a QR code in SVG, dark on white whatever the page's theme."""
    import segno

    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="svg", scale=5, border=4, light="#fff")
    return out.getvalue()


def confirm(person: Person, typed: str | None, *, by: Actor) -> list[str]:
    """Turn two-factor sign-in on by a first code; give the recovery codes, which nobody sees again.

    Raises Invalid for a wrong code, Refused when nothing is being set up.
    """
    if pending_secret(person) is None:
        raise Refused("There is nothing to confirm. Begin to set it up once more.")
    if not _use_code(person, typed, totp_confirmed_at=now()):
        raise Invalid({"code": WRONG})
    codes = _new_codes(person)
    audit.record(f"{_kind(person)}.second_factor_on", person, by)
    mailer.second_factor_changed(person, "turned on")
    return codes


def renew_codes(person: Person, *, by: Actor) -> list[str]:
    """Make new recovery codes, which end the old ones; give them, for this once."""
    if not is_on(person):
        raise Refused("Two-factor sign-in is off. Set it up first.")
    codes = _new_codes(person)
    audit.record(f"{_kind(person)}.recovery_codes_renewed", person, by)
    return codes


def turn_off(person: Person, *, by: Actor) -> bool:
    """Ask a person for no code any more; False when none was asked for.

    Raises Refused where the reseller demands it.
    """
    if isinstance(person, Staff) and person.reseller.require_two_factor:
        raise Refused(DEMANDED.format(person.reseller.name))
    return _forget(person, by, "second_factor_off", "turned off")


def reset(person: Person, *, by: Actor) -> bool:
    """Take a colleague's lost second factor away, and tell the person; False when there was none.

    Raises Refused for oneself: whoever is signed in turns it off with the password.
    """
    if isinstance(person, Staff) and by.staff_id == person.id:
        raise Refused("Turn your own two-factor sign-in off on your profile.")
    return _forget(person, by, "second_factor_reset", f"reset by {by.name}")


def _forget(person: Person, by: Actor, action: str, news: str) -> bool:
    was_on = is_on(person)
    person.totp_secret = person.totp_confirmed_at = person.totp_last_step = None
    db.session.execute(delete(RecoveryCode).where(_of(person)))
    if was_on:
        audit.record(f"{_kind(person)}.{action}", person, by)
        mailer.second_factor_changed(person, news)
    return was_on


# --- Using it ---------------------------------------------------------------------------------


def accept(person: Person, typed: str | None) -> str | None:
    """Use up what was typed; give "code" or "recovery code", and None for what is not right."""
    if not is_on(person):
        return None
    if _use_code(person, typed):
        return "code"
    return "recovery code" if _use_recovery(person, typed) else None


def codes_left(person: Person) -> int:
    """Count the recovery codes that a person can still use."""
    count = select(func.count(RecoveryCode.id)).where(_of(person), RecoveryCode.used_at.is_(None))
    return db.session.scalar(count) or 0


def _use_code(person: Person, typed: str | None, **also: Any) -> bool:
    """Accept a code of a step later than the last one used; of two at once, one gets it."""
    secret = _secret(person)
    step = _step(secret, _squeezed(typed))
    if secret is None or step is None:
        return False
    model: Any = type(person)
    last = model.totp_last_step
    claimed = db.session.scalar(
        update(model)
        .where(model.id == person.id, or_(last.is_(None), last < step))
        # Encrypted anew, so that a secret follows when SECRET_KEY changes.
        .values(totp_last_step=step, totp_secret=_sealed(secret), **also)
        .returning(model.id)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(person, ["totp_last_step", "totp_secret", "totp_confirmed_at"])
    return claimed is not None


def _step(secret: str | None, code: str) -> int | None:
    """Find the step of time that a code belongs to; None for one that is wrong."""
    if secret is None or len(code) != 6 or not (code.isascii() and code.isdigit()):
        return None
    clock, present = pyotp.TOTP(secret, interval=STEP_SECONDS), int(now().timestamp())
    steps = range(-STEPS_AROUND, STEPS_AROUND + 1)
    found = [present // STEP_SECONDS + n for n in steps]
    return next((n for n in found if secrets.compare_digest(clock.generate_otp(n), code)), None)


def _use_recovery(person: Person, typed: str | None) -> bool:
    used = (
        update(RecoveryCode)
        .where(
            _of(person),
            RecoveryCode.code_hash == _hash(_squeezed(typed)),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now())
        .returning(RecoveryCode.id)
    )
    return db.session.scalar(used) is not None


def _new_codes(person: Person) -> list[str]:
    db.session.execute(delete(RecoveryCode).where(_of(person)))
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)) for _ in range(CODES)]
    mine = {"staff_id": person.id} if isinstance(person, Staff) else {"login_id": person.id}
    for code in codes:
        db.session.add(RecoveryCode(reseller_id=person.reseller_id, code_hash=_hash(code), **mine))
    db.session.flush()
    return [grouped(code) for code in codes]


def grouped(text: str) -> str:
    """Write a long code in groups of four, as people copy it."""
    return "-".join(text[n : n + _GROUP] for n in range(0, len(text), _GROUP))


def _squeezed(typed: str | None) -> str:
    """Drop what people put between the groups of a code."""
    return "".join(sign for sign in (typed or "").upper() if sign.isalnum())[:100]


def _hash(code: str) -> str:
    # A code has 80 random bits: a slow hash would add nothing.
    return hashlib.sha256(code.encode()).hexdigest()


def _of(person: Person) -> Any:
    mine = RecoveryCode.staff_id if isinstance(person, Staff) else RecoveryCode.login_id
    return mine == person.id


def _kind(person: Person) -> str:
    return "staff" if isinstance(person, Staff) else "login"


# --- The secret at rest -------------------------------------------------------------------------


def _secret(person: Person) -> str | None:
    """Decrypt a person's secret; None when there is none, or its key is gone."""
    if person.totp_secret is None:
        return None
    from cryptography.fernet import InvalidToken

    try:
        return _box().decrypt(person.totp_secret.encode()).decode()
    except InvalidToken:
        current_app.logger.error("A second factor cannot be read: SECRET_KEY changed.")
        return None


def _sealed(secret: str) -> str:
    return _box().encrypt(secret.encode()).decode()


def _box() -> "MultiFernet":
    """Encrypt with the key of now; decrypt with those of before, too."""
    # Its library takes 7 MB that only who signs in with a code needs.
    from cryptography.fernet import Fernet, MultiFernet

    config = current_app.config
    keys = [config["SECRET_KEY"], *config.get("SECRET_KEY_FALLBACKS", [])]
    return MultiFernet([Fernet(_key(key)) for key in keys])


def _key(secret_key: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derived = HKDF(SHA256(), length=32, salt=None, info=b"second factor")
    return urlsafe_b64encode(derived.derive(secret_key.encode()))
