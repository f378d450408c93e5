"""A page of text, tables and figures, as one self-contained HTML file and as Markdown."""

from __future__ import annotations

import html
import pathlib
from collections.abc import Sequence
from dataclasses import dataclass
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Text:
    """Paragraphs; plain text, no markup."""

    paragraphs: tuple[str, ...]
    strong: bool = False


@dataclass(frozen=True)
class Code:
    """Lines for a terminal."""

    text: str


@dataclass(frozen=True)
class Table:
    """A table; the first column names the row, the others are numbers or short words."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Picture:
    """A figure with its caption.

    Attributes:
        name: Unique on the page: letters, digits, "-" and "_". Names the picture files.
        caption: One or two sentences.
        figure: The figure.
    """

    name: str
    caption: str
    figure: Figure


Block = Text | Code | Table | Picture


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: Sequence[Block]


STYLE = """
:root { color-scheme: light dark; --ground: #ffffff; --text: #1b1d21; --faint: #5c6370;
  --line: #d6d9df; --band: #f3f4f7; --mark: #0072b2; }
@media (prefers-color-scheme: dark) { :root { --ground: #15171b; --text: #e4e6ea;
  --faint: #a0a6b1; --line: #3a3f48; --band: #1f2228; --mark: #56b4e9; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.2rem 1rem 4rem; max-width: 62rem; background: var(--ground);
  color: var(--text); font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0.6rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.4rem 0 0.6rem; padding-bottom: 0.2rem;
  border-bottom: 1px solid var(--line); }
p { margin: 0.5rem 0; max-width: 46rem; overflow-wrap: anywhere; }
.verdict { border-left: 4px solid var(--mark); padding-left: 0.8rem; font-weight: 600; }
.scroll { overflow-x: auto; margin: 0.8rem 0; }
table { border-collapse: collapse; font-size: 0.88rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.3rem 0.7rem; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
thead th { background: var(--band); font-weight: 600; }
@media screen and (prefers-color-scheme: dark) { figure svg { filter: brightness(1.3); } }
th:first-child, td:first-child { text-align: left; }
tbody th { font-weight: 600; }
pre { background: var(--band); padding: 0.7rem 0.9rem; overflow-x: auto; font-size: 0.88rem; }
figure { margin: 1.6rem 0; }
figure svg { display: block; width: 100%; min-width: 28rem; max-width: 48rem; height: auto; }
figcaption { color: var(--faint); font-size: 0.88rem; max-width: 46rem; margin-top: 0.3rem; }
@media print { :root { color-scheme: light; --ground: #ffffff; --text: #000000; --faint: #444444;
  --line: #bbbbbb; --band: #f3f4f7; --mark: #0072b2; } body { max-width: none; font-size: 10pt; }
  figure, table, pre { break-inside: avoid; } h2 { break-after: avoid; }
  .scroll { overflow: visible; } figure svg { min-width: 0; max-width: 15cm; }
  th, td { white-space: normal; padding: 0.2rem 0.4rem; } }
"""

PAGE = Template(
    """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="evornn">
<link rel="icon" href="data:,">
<title>$title</title>
<style>$style</style>
</head>
<body>
<main>
<h1>$title</h1>
$body
</main>
</body>
</html>
"""
)


def save_pictures(sections: Sequence[Section], folder: pathlib.Path) -> None:
    """Write every figure of the page as <name>.png and <name>.svg."""
    from evornn.plot import save_figure

    for section in sections:
        for block in section.blocks:
            if isinstance(block, Picture):
                save_figure(block.figure, folder / block.name)


def html_page(title: str, sections: Sequence[Section], folder: pathlib.Path) -> str:
    """The page as HTML that needs no other file: figures inline, no links, no scripts.

    Args:
        title: The first heading.
        sections: What follows.
        folder: Where `save_pictures` wrote the figures.
    """
    parts = []
    for section in sections:
        blocks = "\n".join(_html_block(block, folder) for block in section.blocks)
        parts.append(f"<section>\n<h2>{html.escape(section.title)}</h2>\n{blocks}\n</section>")
    return PAGE.substitute(title=html.escape(title), style=STYLE, body="\n".join(parts))


def _html_block(block: Block, folder: pathlib.Path) -> str:
    if isinstance(block, Text):
        kind = ' class="verdict"' if block.strong else ""
        return "\n".join(f"<p{kind}>{html.escape(line)}</p>" for line in block.paragraphs)
    if isinstance(block, Code):
        return f"<pre><code>{html.escape(block.text)}</code></pre>"
    if isinstance(block, Table):
        return _html_table(block)
    from evornn.plot import inline_svg

    svg = (folder / f"{block.name}.svg").read_text(encoding="utf-8")
    drawn = inline_svg(svg, block.name, block.caption)
    caption = html.escape(block.caption)
    return (
        f'<figure><div class="scroll" tabindex="0" role="group" aria-label="figure">{drawn}</div>\n'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _html_table(table: Table) -> str:
    head = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in table.header)
    rows = []
    for first, *others in table.rows:
        cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in others)
        rows.append(f'<tr><th scope="row">{html.escape(first)}</th>{cells}</tr>')
    return (
        '<div class="scroll" tabindex="0" role="group" aria-label="table"><table>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n" + "\n".join(rows) + "\n</tbody></table></div>"
    )


def markdown_page(title: str, sections: Sequence[Section]) -> str:
    """The page as Markdown that shows the PNG files of `save_pictures` beside it."""
    lines = [f"# {_plain(title)}", ""]
    for section in sections:
        lines += [f"## {_plain(section.title)}", ""]
        for block in section.blocks:
            lines += [*_markdown_block(block), ""]
    return "\n".join(lines).rstrip() + "\n"


def _markdown_block(block: Block) -> list[str]:
    if isinstance(block, Text):
        mark = "**" if block.strong else ""
        lines = [f"{mark}{_plain(line)}{mark}" for line in block.paragraphs]
        return "\n\n".join(lines).split("\n")
    if isinstance(block, Code):
        return ["```", *block.text.splitlines(), "```"]
    if isinstance(block, Table):
        rows = [block.header, ("---", *["---:"] * (len(block.header) - 1)), *block.rows]
        head, rule, *body = rows
        return [_markdown_row(head), "|" + "|".join(rule) + "|", *map(_markdown_row, body)]
    return [f"![{_plain(block.caption)}]({block.name}.png)", "", f"*{_plain(block.caption)}*"]


def _markdown_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_plain(cell) for cell in cells) + " |"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    escaped = html.escape(" ".join(text.split()), quote=False)
    for mark in "\\`*_[]|#":
        escaped = escaped.replace(mark, f"\\{mark}")
    return escaped
