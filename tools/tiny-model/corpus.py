"""Makes the English text the tiny model is trained on: short stories, sentences with an indirect object, and repeats.

Everything is drawn from one random.Random, so that a seed names a corpus. Some pairs of names are held out: they never
stand together in a training document. Run as a program it prints some documents.
"""

import argparse
import itertools
import random

from grammar import FOLDER, Plot, expand, lines_of, read_words

HELD_OUT_SEED = 20240229
HELD_OUT_SHARE = 0.12
PRONOUNS = {"girl": ("she", "her", "her"), "boy": ("he", "his", "him")}


def held_out_pairs(names):
    """The unordered pairs of names kept out of the training text; the same whatever the seed of the corpus."""
    pairs = [frozenset(pair) for pair in itertools.combinations(sorted(names), 2)]
    return set(random.Random(HELD_OUT_SEED).sample(pairs, int(len(pairs) * HELD_OUT_SHARE)))


class Corpus:
    """An endless supply of documents."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.words = read_words()
        self.names = self.words["girls"] + self.words["boys"]
        self.held_out = held_out_pairs(self.names)
        self.plots = [Plot(path, self.words) for path in sorted((FOLDER / "plots").glob("*.txt"))]
        self.openings = [Plot(FOLDER / name, self.words) for name in ("opening-one.txt", "opening-two.txt")]
        self.closing = Plot(FOLDER / "closing.txt", self.words)
        self.ioi_lines = lines_of(FOLDER / "ioi.txt")
        self.thanks = lines_of_raw("thanks.txt")
        self.plain_words = self.collect_words()

    def collect_words(self):
        """The plain words of the grammar, for the lists that are repeated."""
        lines = [line for plot in self.plots for _, block in plot.blocks for line in block]
        lines += [word for name, words in self.words.items() if name not in ("girls", "boys") for word in words]
        return sorted({word for line in lines for word in line.split() if word.isalpha() and word.islower()})

    def people(self, count):
        """Names of which no two are a held-out pair."""
        chosen = []
        while len(chosen) < count:
            name = self.rng.choice(self.names)
            if name not in chosen and all(frozenset((name, other)) not in self.held_out for other in chosen):
                chosen.append(name)
        return chosen

    # Stories

    def story(self, longest=5):
        """A story of one or more episodes about the same two friends, as one string; episodes are paragraphs."""
        rng = self.rng
        episodes = rng.choice([n for n in (1, 1, 1, 1, 1, 1, 2, 2, 3, 4, 5) if n <= longest])
        plots = rng.sample(self.plots, episodes)
        fields = self.cast()
        paragraphs = []
        for number, plot in enumerate(plots):
            introduced = number == 0 and rng.random() < 0.75
            told = self.opening(fields) if introduced else []
            fields["when"] = self.moment(number, introduced)
            told += plot.tell(fields, rng)
            if number == episodes - 1:
                told += self.closing.tell(fields, rng)
            paragraphs.append(" ".join(told))
        return "\n".join(paragraphs)

    def opening(self, fields):
        return self.openings[0 if self.rng.random() < 0.75 else 1].tell(fields, self.rng)

    def moment(self, number, introduced):
        rng = self.rng
        day = rng.choice(["morning", "day", "afternoon"])
        if number > 0:
            return rng.choice(["The next " + day, "A few days later", "One week later", "Some days later",
                               "On another day", "The week after that"])
        usual = ["One day", "One day", f"One sunny {day}", f"One {rng.choice(['cold', 'warm', 'beautiful'])} {day}",
                 "On Sunday morning", f"One {rng.choice(['spring', 'summer', 'winter'])} day"]
        return rng.choice(usual if introduced else usual + ["Last summer", "Last week", "Yesterday", "Last winter"])

    def cast(self):
        """The fields that stay the same through a story: people with their pronouns, and some details."""
        rng = self.rng
        fields = {}
        for mark, name in zip(("", "b", "c"), self.people(3)):
            kind = "girl" if name in self.words["girls"] else "boy"
            he, his, him = PRONOUNS[kind]
            fields.update({mark + "he": he, mark + "his": his, mark + "him": him, mark + "kind": kind})
            fields.update({mark.upper() + "He": he.title(), mark.upper() + "His": his.title()})
            fields[mark.upper() or "A"] = name
        woman = rng.random() < 0.5
        he, his, him = PRONOUNS["girl" if woman else "boy"]
        fields.update(par=rng.choice(self.words["women" if woman else "men"]), phe=he, phis=his, phim=him)
        for key, name in (("trait", "traits"), ("home", "homes"), ("hobby", "hobbies"), ("family", "families"),
                          ("drink", "drinks"), ("color", "colors"), ("snack", "snacks")):
            fields[key] = rng.choice(self.words[name])
        return fields

    # Sentences with an indirect object

    def ioi_prompt(self, first, second, giver):
        """The text up to, but without, the name of the one who is not the giver."""
        receiver = second if giver == first else first
        fields = {"P": first, "Q": second, "S": giver, "I": receiver,
                  "place": self.rng.choice(self.words["IOIplaces"]), "thing": self.rng.choice(self.words["IOIthings"])}
        return expand(self.rng.choice(self.ioi_lines), fields, self.rng).removesuffix(" " + receiver), fields

    def ioi(self):
        """A document of one to three such sentences, each about two people of its own."""
        count = self.rng.choice((1, 1, 1, 1, 2, 3))
        people = self.people(2 * count)
        sentences = []
        for first, second in zip(people[::2], people[1::2]):
            prompt, fields = self.ioi_prompt(first, second, self.rng.choice((first, second)))
            sentences.append(f"{prompt} {fields['I']}" + expand_end(self.rng.choice(self.thanks), fields))
        return " ".join(sentences)

    # Repeats

    def repeated_text(self):
        """Words, names or whole sentences said two or three times over."""
        kind = self.rng.random()
        if kind < 0.35:
            part = " ".join(self.rng.choices(self.plain_words, k=self.rng.randint(5, 60)))
        elif kind < 0.6:
            part = ", ".join(self.people(self.rng.randint(2, 10))) + ","
        else:
            sentences = self.story(1).split(". ")
            start = self.rng.randrange(len(sentences) - 2)
            part = ". ".join(sentences[start:start + self.rng.randint(1, 4)]).rstrip(".") + "."
        return " ".join([part] * self.rng.choice((2, 2, 3)))


def lines_of_raw(name):
    """The lines of a file whose leading spaces matter."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def expand_end(line, fields):
    return line.replace("{I}", fields["I"]).replace("{S}", fields["S"])


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--count", type=int, default=5)
    arguments = options.parse_args()
    corpus = Corpus(arguments.seed)
    for make in (corpus.story, corpus.ioi, corpus.repeated_text):
        for _ in range(arguments.count):
            print(make(), end="\n\n")


if __name__ == "__main__":
    main()
