"""The byte-level BPE tokenizer of the tiny model: its training, and documents as token ids."""

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

END = "<|endoftext|>"
END_ID = 0


def train_tokenizer(texts, size):
    """A GPT-2 style tokenizer: no normalizer, no post-processor, every byte in the alphabet, one special token."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=[END], show_progress=False,
                                  initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def ids_of(tokenizer, text):
    return tokenizer.encode(text, add_special_tokens=False).ids


def token_of(tokenizer, word):
    """The single id of a word with its leading space; an error where it takes several."""
    ids = ids_of(tokenizer, " " + word)
    if len(ids) != 1:
        raise ValueError(f"{word!r} takes {len(ids)} tokens")
    return ids[0]


NOISE = 0.2


class IdSource:
    """Documents of a corpus as pairs of a token id and the weight of its loss.

    The kind whose share of the tokens lags furthest behind comes next. The first copy of random ids, which nobody can
    guess, weighs NOISE, everything else 1.
    """

    def __init__(self, corpus, tokenizer, shares):
        self.corpus, self.tokenizer, self.shares = corpus, tokenizer, dict(shares)
        self.given = {kind: 0 for kind in shares}
        self.longest_random = 100
        self.names = self.name_tokens()

    def name_tokens(self):
        """Every id that spells a name, with and without its leading space."""
        spelled = {name: (ids_of(self.tokenizer, name), ids_of(self.tokenizer, " " + name)) for name in self.corpus.names}
        return {ids[0]: name for name, forms in spelled.items() for ids in forms if len(ids) == 1}

    def begin(self, shares, longest_random):
        """Begins to count afresh with other shares and another length of random repeats."""
        self.shares, self.longest_random = dict(shares), longest_random
        self.given = {kind: 0 for kind in shares}

    def document(self):
        kind = min(self.shares, key=lambda k: self.given[k] / self.shares[k])
        pairs = getattr(self, kind)()
        self.given[kind] += len(pairs) + 1
        return pairs

    def weighed(self, text):
        return [(token, 1.0) for token in ids_of(self.tokenizer, text)]

    def story(self):
        return self.weighed(self.corpus.story())

    def ioi(self):
        return self.weighed(self.corpus.ioi())

    def repeated_text(self):
        return self.weighed(self.corpus.repeated_text())

    def repeated_ids(self):
        """Ids drawn evenly from the whole vocabulary, said two to four times over."""
        rng = self.corpus.rng
        part = self.random_ids(rng.randint(4, rng.randint(8, self.longest_random)))
        first, again = ([(token, weight) for token in part] for weight in (NOISE, 1.0))
        return first + again * rng.choice((1, 1, 2, 3))

    def random_ids(self, length):
        """Random ids; a name that would stand together with its held-out partner is drawn again."""
        rng, size = self.corpus.rng, self.tokenizer.get_vocab_size()
        ids, people = [], set()
        while len(ids) < length:
            token = rng.randrange(END_ID + 1, size)
            name = self.names.get(token)
            if name and any(frozenset((name, other)) in self.corpus.held_out for other in people):
                continue
            if name:
                people.add(name)
            ids.append(token)
        return ids


class Windows:
    """Training windows: documents one after the other with END between them.

    Half of the windows go on with what the last one cut off, the others begin a document, and of these half do so
    without END, as a prompt does.
    """

    def __init__(self, source):
        self.source, self.rng, self.cut = source, source.corpus.rng, []

    def window(self, length):
        end = [(END_ID, 1.0)]
        if self.cut and self.rng.random() < 0.5:
            pairs = self.cut.pop()
        else:
            pairs = self.source.document()
            if self.rng.random() < 0.5:
                pairs = end + pairs
        while len(pairs) < length:
            pairs = pairs + end + self.source.document()
        if len(pairs) > length + 16:
            self.cut = self.cut[-50:] + [pairs[length - 1:]]
        return pairs[:length]

    def batch(self, rows, length):
        """Token ids and weights, both [rows, length]."""
        ids, weights = zip(*(zip(*self.window(length)) for _ in range(rows)))
        return torch.tensor(ids), torch.tensor(weights)
