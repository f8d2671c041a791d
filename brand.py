"""What the portal wears: a reseller's settings as plain, ready-to-show values."""

from dataclasses import dataclass

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

    @property
    def css_url(self) -> str:
        """Give the address of the colours; the version lets browsers keep them."""
        return f"/portal/{self.slug}/brand.css?v={self.version}"

    @property
    def logo_url(self) -> str | None:
        """Give the address of the logo; None without one."""
        return f"/portal/{self.slug}/logo?v={self.version}" if self.has_logo else None


def of(reseller: Reseller) -> Brand:
    """Make the brand of a reseller from its portal settings."""
    settings: PortalSettings = reseller.portal_settings
    return Brand(
        slug=reseller.slug,
        company_name=settings.company_name,
        colour=settings.brand_colour,
        contrast=readable_on(settings.brand_colour),
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
