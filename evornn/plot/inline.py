"""Saved figures as SVG inside a web page, in the page's own colours."""

from __future__ import annotations

import html
import re


def inline_svg(svg: str, name: str, title: str) -> str:
    """A figure that `save_figure` wrote, as one <svg> element that can stand among others.

    White grounds become transparent and black becomes the page's text colour, so that the figure
    follows a dark page; contenders keep their colours. Element names start with the figure's own,
    because a page's names have to be unique.

    Args:
        svg: The text of the SVG file.
        name: Letters, digits, "-" and "_": unique on the page.
        title: What the figure shows, for those who cannot see it.

    Raises:
        ValueError: If the name has other characters, or the text is no SVG of `save_figure`.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name):
        raise ValueError(f"an inline figure needs a name of letters, digits, - and _, got {name!r}")
    found = re.search(r'<svg[^>]*?(viewBox="[^"]*")[^>]*>(.*)</svg>', svg, flags=re.DOTALL)
    if found is None:
        raise ValueError(f"an inline figure needs the text of an SVG file, got {svg[:40]!r}")
    view, body = found.groups()
    body = re.sub(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r'\bid="', f'id="{name}-', body)
    body = re.sub(r'(xlink:href="#|url\(#)', rf"\g<1>{name}-", body)
    body = body.replace("#000000", "currentColor").replace("fill: #ffffff", "fill: none")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'{view} role="img" aria-label="{html.escape(title)}" fill="currentColor" '
        f'stroke-linejoin="round" stroke-linecap="butt">{body.strip()}</svg>'
    )
