"""A reseller's logo: what people send is decoded and drawn anew, so that only a picture is kept.

PNG, JPEG and WebP are taken; the sizes and the pixel limit are trust.md's A-35.
"""

import io
import warnings

from catalog import Invalid

MOST_BYTES = 512 * 1024
MOST_PIXELS = 20_000_000
WIDEST, HIGHEST = 2_000, 1_000
KINDS = ("PNG", "JPEG", "WEBP")


def redrawn(content: bytes) -> bytes:
    """Give a picture as a PNG of its pixels alone; raises Invalid with a sentence for ``logo``."""
    if not content:
        raise Invalid({"logo": "The file is empty. Choose a PNG, JPEG or WebP picture."})
    if len(content) > MOST_BYTES:
        size = len(content) // 1024
        raise Invalid({"logo": f"The file has {size:,} KB; send at most {MOST_BYTES // 1024} KB."})
    return _draw(content)


def _draw(content: bytes) -> bytes:
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            # Pillow only warns between its limit and twice that; here the warning is a refusal.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=KINDS) as picture:
                _check(picture.width, picture.height, getattr(picture, "n_frames", 1))
                picture.load()
                drawn = ImageOps.exif_transpose(picture).convert("RGBA")
    except Invalid:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Invalid({"logo": _too_many_pixels()}) from None
    except (OSError, SyntaxError, ValueError):
        sentence = "This is no PNG, JPEG or WebP picture. An SVG has to be exported as a PNG first."
        raise Invalid({"logo": sentence}) from None
    drawn.thumbnail((WIDEST, HIGHEST))
    out = io.BytesIO()
    drawn.save(out, "PNG", optimize=True)
    return out.getvalue()


def _check(width: int, height: int, frames: int) -> None:
    """Look at the header before a single pixel is decoded."""
    if width * height > MOST_PIXELS:
        raise Invalid({"logo": _too_many_pixels(width * height)})
    if frames > 1:
        raise Invalid({"logo": "The picture moves. Send one that stands still."})


def _too_many_pixels(count: int | None = None) -> str:
    has = f"The picture has {count / 1_000_000:.0f} million pixels" if count else "It is too large"
    return f"{has}; send one of at most {MOST_PIXELS // 1_000_000} million."
