"""Runs a command and draws what it prints as an SVG terminal: terminal.py OUT.svg [--lines N] -- COMMAND...

Only the command's standard output and error are drawn, as printed, wrapped at 100 columns. --lines keeps the first N lines after
wrapping and the last one. Run from the root of the working copy; README's picture is made by

    python3 tools/pictures/terminal.py docs/pictures/generate.svg --lines 9 -- \
        ./pastkv generate "Once upon a time" --temperature 0 --max-new-tokens 120
"""

import html
import shlex
import subprocess
import sys
import textwrap

COLUMNS = 100
LINE_HEIGHT = 19
CHAR_WIDTH = 8.2
MARGIN = 16
BAR = 30
ELLIPSIS = "[...]"


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    return [line for line in done.stdout.splitlines() if not line.startswith(("WARNING:", "Building PastKV"))]


def wrap(lines, limit):
    """Lines of at most COLUMNS characters, each with whether it is a message rather than the result."""
    wrapped = [(part, is_message(line)) for line in lines for part in (textwrap.wrap(line, COLUMNS) or [""])]
    if limit and len(wrapped) > limit:
        num_last = len(textwrap.wrap(lines[-1], COLUMNS))
        wrapped = wrapped[: limit - num_last] + [(ELLIPSIS, True)] + wrapped[-num_last:]
    return wrapped


def is_message(line):
    return line.startswith("pastkv:") or "tok/s" in line


def svg(prompt, lines):
    width = round(COLUMNS * CHAR_WIDTH + 2 * MARGIN)
    rows = [("#7ee787", "$ " + part if i == 0 else "  " + part) for i, part in enumerate(textwrap.wrap(prompt, COLUMNS - 2))]
    rows += [("#8b949e" if message else "#e6edf3", line) for line, message in lines]
    height = BAR + MARGIN + LINE_HEIGHT * len(rows) + MARGIN // 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        ' font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="13.5">',
        f"<title>{html.escape(prompt)}</title>",
        f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>',
    ]
    for i, color in enumerate(("#ff5f56", "#ffbd2e", "#27c93f")):
        parts.append(f'<circle cx="{MARGIN + 6 + 20 * i}" cy="{BAR // 2 + 2}" r="6" fill="{color}"/>')
    for i, (color, text) in enumerate(rows):
        y = BAR + MARGIN + LINE_HEIGHT * i
        parts.append(f'<text x="{MARGIN}" y="{y}" fill="{color}" xml:space="preserve">{html.escape(text)}</text>')
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def main():
    arguments = sys.argv[1:]
    split = arguments.index("--")
    options, command = arguments[:split], arguments[split + 1 :]
    limit = int(options[options.index("--lines") + 1]) if "--lines" in options else 0
    with open(options[0], "w", encoding="utf-8") as out:
        out.write(svg(shlex.join(command).replace("'", '"'), wrap(run(command), limit)))


main()
