"""Draws the bar charts of docs/benchmarks.md from docs/benchmarks.json, as SVG, with the standard library only.

    python3 tools/pictures/plots.py docs/benchmarks.json docs/pictures
"""

import html
import json
import sys

COLORS = ["#1f6feb", "#9aa4b2", "#2da44e", "#d0d7de"]
LABEL_WIDTH = 190
BAR_WIDTH = 430
BAR_HEIGHT = 15
GROUP_GAP = 16
TOP = 66


def text(x, y, content, size=12, anchor="start", color="#1f2328", weight="normal"):
    return (f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}" fill="{color}"'
            f' font-weight="{weight}">{html.escape(content)}</text>')


def chart(spec):
    height = TOP + sum(BAR_HEIGHT * len(v) + GROUP_GAP for v in spec["groups"].values()) + 22
    width = LABEL_WIDTH + BAR_WIDTH + 90
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        ' font-family="-apple-system,Segoe UI,Helvetica,Arial,sans-serif">',
        f"<title>{html.escape(spec['title'])}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        text(12, 22, spec["title"], 15, weight="600"),
    ]
    x = 12
    for color, name in zip(COLORS, spec["series"]):
        parts.append(f'<rect x="{x}" y="36" width="11" height="11" fill="{color}"/>')
        parts.append(text(x + 16, 46, name))
        x += 30 + round(6.6 * len(name))
    y = TOP
    for group, values in spec["groups"].items():
        parts.append(text(LABEL_WIDTH - 10, y + BAR_HEIGHT * len(values) / 2 + 4, group, anchor="end"))
        for color, value in zip(COLORS, values):
            bar = BAR_WIDTH * value / max(values)
            parts.append(f'<rect x="{LABEL_WIDTH}" y="{y + 1}" width="{bar:.1f}" height="{BAR_HEIGHT - 3}" fill="{color}"/>')
            parts.append(text(LABEL_WIDTH + bar + 6, y + BAR_HEIGHT - 4, f"{value:g}", 11))
            y += BAR_HEIGHT
        y += GROUP_GAP
    parts.append(text(12, height - 10, f"{spec['unit']}, each group on its own scale; {spec['machine']}", 11, color="#59636e"))
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        charts = json.load(file)
    for name, spec in charts.items():
        with open(f"{sys.argv[2]}/benchmark-{name}.svg", "w", encoding="utf-8") as out:
            out.write(chart(spec))


main()
