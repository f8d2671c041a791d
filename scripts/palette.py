"""Makes a picture small by 256 colours, with the browser that took it; no library is needed."""

import base64
import struct
import zlib

from playwright.sync_api import Page

INDEXED = """async (data) => {
  const image = new Image();
  image.src = "data:image/png;base64," + data;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer);
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) || 0) + 1);
  const colours = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 256).map((pair) => pair[0]);
  const places = new Map(colours.map((colour, place) => [colour, place]));
  const gap = (a, b, shift) => ((a >>> shift) & 255) - ((b >>> shift) & 255);
  const nearest = (pixel) => {
    let best = 0, least = Infinity;
    colours.forEach((colour, place) => {
      const far = [0, 8, 16].reduce((sum, shift) => sum + gap(pixel, colour, shift) ** 2, 0);
      if (far < least) { least = far; best = place; }
    });
    places.set(pixel, best);
    return best;
  };
  const indexes = new Uint8Array(pixels.length);
  pixels.forEach((pixel, at) => { indexes[at] = places.get(pixel) ?? nearest(pixel); });
  let text = "";
  for (let at = 0; at < indexes.length; at += 32768) {
    text += String.fromCharCode(...indexes.subarray(at, at + 32768));
  }
  return { width: image.width, height: image.height, colours, indexes: btoa(text) };
}"""
"""The commonest colours stay exactly; the others become the nearest of them."""


def smaller(png: bytes, page: Page) -> bytes:
    """Give a picture with at most 256 colours; the page is any that is blank."""
    found = page.evaluate(INDEXED, base64.b64encode(png).decode())
    width, height = found["width"], found["height"]
    indexes = base64.b64decode(found["indexes"])
    rows = b"".join(b"\0" + indexes[at : at + width] for at in range(0, len(indexes), width))
    colours = b"".join(struct.pack("<I", colour)[:3] for colour in found["colours"])
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
        + _chunk(b"PLTE", colours)
        + _chunk(b"IDAT", zlib.compress(rows, 9))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
