"""The held-out data: prompts with pairs of names that never meet in training, repeats, and stories of other seeds."""

from tokens import END_ID, IdSource, ids_of, token_of

from corpus import Corpus

SEED = 987654321
PROMPTS = 200
REPEATS, REPEAT_LENGTH = 60, 40
TEXT_TOKENS = 12_500


def make_held_out(tokenizer):
    """All held-out sets as a dictionary from file name to JSON content."""
    return {"ioi": {"prompts": ioi_prompts(tokenizer)}, "repeats": repeats(tokenizer), "text": stories(tokenizer)}


def ioi_prompts(tokenizer):
    """Prompts with held-out pairs; in the first half the name that comes twice stands first, in the second second."""
    corpus = Corpus(SEED)
    pairs = corpus.rng.sample(sorted(sorted(pair) for pair in corpus.held_out), PROMPTS)
    return [ioi_entry(corpus, tokenizer, pair, number < PROMPTS // 2) for number, pair in enumerate(pairs)]


def ioi_entry(corpus, tokenizer, pair, repeated_first):
    """One prompt in which both names are single tokens (a name that opens a text has no leading space and is not)."""
    corpus.rng.shuffle(pair)
    giver, receiver = pair if repeated_first else pair[::-1]
    answer, wrong = token_of(tokenizer, receiver), token_of(tokenizer, giver)
    while True:
        text, _ = corpus.ioi_prompt(*pair, giver)
        ids = ids_of(tokenizer, text)
        if ids.count(answer) == 1 and ids.count(wrong) == 2:
            return {"text": text, "tokens": ids, "answer": answer, "wrong": wrong, "answer_text": " " + receiver,
                    "wrong_text": " " + giver, "repeated_first": repeated_first}


def repeats(tokenizer):
    source = IdSource(Corpus(SEED + 1), tokenizer, {})
    sequences = [source.random_ids(REPEAT_LENGTH) * 2 for _ in range(REPEATS)]
    return {"length": REPEAT_LENGTH, "sequences": sequences}


def stories(tokenizer):
    """Stories of at most 1024 tokens, the begin token included."""
    corpus, documents, total = Corpus(SEED + 2), [], 0
    while total < TEXT_TOKENS:
        text = corpus.story()
        ids = [END_ID] + ids_of(tokenizer, text)
        if len(ids) <= 1024:
            documents.append({"text": text, "tokens": ids})
            total += len(ids)
    return {"tokens": total, "documents": documents}
