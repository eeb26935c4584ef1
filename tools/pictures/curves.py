"""Draws tokens/s over rows and over the length of a shared prefix, beside llama.cpp, as SVG and PNG. Needs matplotlib.

    python3 tools/pictures/curves.py docs/shared-prefix.json docs/pictures

The JSON has "machine" and the curves "rows" and "shared", each a list of [x, tokens/s] for each program.
"""

import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

STYLES = {"pastkv": {"color": "#1f6feb", "marker": "o"}, "llama.cpp": {"color": "#6e7781", "marker": "s"}}
PANELS = [("rows", "rows that share 4,096 tokens"), ("shared", "tokens that 16 rows share")]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        data = json.load(file)
    plt.rcParams.update({"font.size": 9, "svg.hashsalt": "pastkv", "svg.fonttype": "none"})
    figure, panels = plt.subplots(1, 2, figsize=(7.2, 2.9))
    for panel, (name, label) in zip(panels, PANELS):
        ticks = sorted({x for points in data[name].values() for x, _ in points})
        for program, points in data[name].items():
            panel.plot(*zip(*points), label=program, linewidth=1.4, markersize=4, **STYLES[program])
        panel.set_xscale("log", base=2)
        panel.set_yscale("log")
        panel.set_xticks(ticks, [f"{x:,}" for x in ticks])
        panel.set_xlabel(label)
        panel.set_ylabel("tokens/s, all rows")
        panel.grid(True, which="major", linewidth=0.4, color="#d0d7de")
        panel.legend(frameon=False)
    figure.suptitle(data["machine"], fontsize=7, color="#59636e", y=0.02, va="bottom")
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    figure.savefig(f"{sys.argv[2]}/benchmark-shared-prefix.svg", metadata={"Date": None})
    figure.savefig(f"{sys.argv[2]}/benchmark-shared-prefix.png", dpi=200)


main()
