"""What the portal wears: a reseller's settings as plain, ready-to-show values."""

from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload

import tenancy
from extensions import db
from models import PortalSettings, Reseller

DARK, LIGHT = "#1b2530", "#ffffff"


@dataclass(frozen=True)
class Brand:
    """The reseller's face; nothing of the carrier's or of this software's."""

    slug: str
    company_name: str
    colour: str
    contrast: str
    """Black or white, whichever reads better on the colour."""
    accent: str
    """The colour of links and of what is chosen; the colour itself where none was set."""
    version: int
    has_logo: bool
    support_email: str | None
    support_phone: str | None
    support_hours: str | None
    address: str | None
    help_url: str | None
    terms_url: str | None
    privacy_url: str | None
    mail_from_name: str
    mail_reply_to: str | None
    mail_footer: str | None
    hide_prices: bool
    preview_css: str | None = None
    """Where the colours of a draft stand, in a preview."""

    @property
    def css_url(self) -> str:
        """Give the address of the colours; the version lets browsers keep them."""
        return self.preview_css or f"/portal/{self.slug}/brand.css?v={self.version}"

    @property
    def logo_url(self) -> str | None:
        """Give the address of the logo; None without one."""
        return f"/portal/{self.slug}/logo?v={self.version}" if self.has_logo else None


def wearer(slug: str | None) -> Reseller | None:
    """Give the reseller whose portal has an address, whoever looks; None where there is none."""
    with tenancy.across_resellers():
        return cast("Reseller | None", db.session.scalar(_of_slug(), {"slug": slug}))


@cache
def _of_slug() -> Any:
    mine = (Reseller.slug == bindparam("slug"), Reseller.is_active)
    return select(Reseller).where(*mine).options(joinedload(Reseller.portal_settings))


def of(reseller: Reseller) -> Brand:
    """Make the brand of a reseller from its portal settings."""
    settings: PortalSettings = reseller.portal_settings
    return Brand(
        slug=reseller.slug,
        company_name=settings.company_name,
        colour=settings.brand_colour,
        contrast=readable_on(settings.brand_colour),
        accent=settings.accent_colour or settings.brand_colour,
        version=settings.version,
        has_logo=settings.logo_type is not None,
        support_email=settings.support_email,
        support_phone=settings.support_phone,
        support_hours=settings.support_hours,
        address=settings.address,
        help_url=settings.help_url,
        terms_url=settings.terms_url,
        privacy_url=settings.privacy_url,
        mail_from_name=settings.mail_from_name or settings.company_name,
        mail_reply_to=settings.mail_reply_to or settings.support_email,
        mail_footer=settings.mail_footer,
        hide_prices=settings.hide_prices,
    )


CSS = """:root, [data-bs-theme] {{ --brand: {colour}; --brand-contrast: {contrast}; }}
[data-bs-theme="dark"] {{ --brand-text: {on_dark}; }}
[data-bs-theme="light"] {{ --brand-text: {on_light}; }}
"""


def css(brand: Brand) -> str:
    """Write the colours as custom properties; text colours are moved until they can be read."""
    return CSS.format(
        colour=brand.colour,
        contrast=brand.contrast,
        on_dark=readable(brand.accent, "#151f2c"),
        on_light=readable(brand.accent, "#ffffff"),
    )


def readable(colour: str, ground: str) -> str:
    """Move a colour towards black or white until it reads on a ground (WCAG: 4.5 to 1)."""
    target = readable_on(ground)
    for step in range(0, 101, 5):
        mixed = mix(colour, target, step / 100)
        if contrast(mixed, ground) >= 4.5:
            return mixed
    return target


def mix(one: str, other: str, share: float) -> str:
    """Mix two #rrggbb colours; ``share`` is the other's part, 0 to 1."""
    pairs = ((int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def readable_on(colour: str) -> str:
    """Choose dark or light text for a background, by the WCAG 2.2 contrast ratio."""
    return max((LIGHT, DARK), key=lambda text: contrast(text, colour))


def contrast(one: str, other: str) -> float:
    """Measure the WCAG contrast ratio of two #rrggbb colours, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
