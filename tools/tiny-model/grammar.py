"""Reads the grammar files and expands their templates.

A template line holds inline choices "[x|y]" and fields "{key}"; "{a key}" puts "a" or "an" in front, "{key^}" starts
with a capital. A file is a list of blocks, each begun by a line "--" (or "--?" for one that may be left out); one line
of each block is taken. Lines "@key: x | y" choose a value once for the whole text, "@k, l: x; y | z; w" chooses several
that belong together, and "*name" stands for a list of words.txt.
"""

import re
from pathlib import Path

FOLDER = Path(__file__).parent / "grammar"
CHOICE = re.compile(r"\[([^\[\]]*)\]")
FIELD = re.compile(r"\{(a )?([A-Za-z]+)(\^?)\}")


def read_words():
    """words.txt as a dictionary from list name to words."""
    words = {}
    for line in lines_of(FOLDER / "words.txt"):
        name, values = line.split(":", 1)
        words[name] = split(values, "|")
    return words


def lines_of(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def split(text, mark):
    return [part.strip() for part in text.split(mark)]


def with_article(word):
    return ("an " if word[0] in "aeio" or word.startswith("umbrella") else "a ") + word


def expand(template, fields, rng):
    """The text of one template line."""
    while True:
        choice = CHOICE.search(template)
        if not choice:
            break
        template = template[:choice.start()] + rng.choice(choice.group(1).split("|")) + template[choice.end():]

    def value(match):
        article, key, capital = match.groups()
        text = with_article(fields[key]) if article else fields[key]
        return text[0].upper() + text[1:] if capital else text

    while FIELD.search(template):
        template = FIELD.sub(value, template)
    return template[0].upper() + template[1:]


class Plot:
    """One grammar file: choices made once, then blocks of alternative lines."""

    def __init__(self, path, words):
        self.name = path.stem
        self.choices, self.blocks = [], []
        for line in lines_of(path):
            if line.startswith("@"):
                self.choices.append(read_choice(line, words))
            elif line in ("--", "--?"):
                self.blocks.append((line == "--?", []))
            else:
                self.blocks[-1][1].append(line)
        self.uses_third = any("{C}" in line for _, lines in self.blocks for line in lines)

    def tell(self, fields, rng):
        """One text of this plot as a list of lines."""
        fields = dict(fields)
        for keys, values in self.choices:
            fields.update(zip(keys, rng.choice(values)))
        told = []
        for optional, lines in self.blocks:
            if not (optional and rng.random() < 0.5):
                told.append(expand(rng.choice(lines), fields, rng))
        return told


def read_choice(line, words):
    """The keys of an "@" line and the tuples of values to choose from."""
    keys, values = line[1:].split(":", 1)
    options = []
    for option in split(values, "|"):
        names = words[option[1:]] if option.startswith("*") else [option]
        options += [split(name, ";") for name in names]
    return split(keys, ","), options
