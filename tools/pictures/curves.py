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
MARKS = [digit * 10**power for power in range(5) for digit in (1, 2, 5)]
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
        speeds = [speed for points in data[name].values() for _, speed in points]
        marks = [mark for mark in MARKS if min(speeds) / 2.5 <= mark <= max(speeds) * 2.5]
        panel.set_yticks(marks, [f"{mark:,}" for mark in marks])
        panel.minorticks_off()
        panel.set_xticks(ticks, [f"{x:,}" for x in ticks])
        panel.set_xlabel(label)
        panel.set_ylabel("tokens/s, all rows")
        panel.grid(True, which="major", linewidth=0.4, color="#d0d7de")
        panel.legend(frameon=False)
    figure.text(0.5, 0.02, data["machine"], fontsize=7, color="#59636e", ha="center", va="bottom")
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    figure.savefig(f"{sys.argv[2]}/benchmark-shared-prefix.svg", metadata={"Date": None})
    figure.savefig(f"{sys.argv[2]}/benchmark-shared-prefix.png", dpi=200)


main()
