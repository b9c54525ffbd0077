"""Texts are reproducible, short enough, about what the draft says, and true to published figures."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator

import numba
import numpy as np
import polars as pl
import pytest

from data.batch import I64
from data.synthetic.text.languages import LANGUAGES, TOXIC_CATEGORIES
from data.synthetic.text.languages.english.forms import base_of
from data.synthetic.text.writer import Draft, Texts, Writer
from data.tweet_text import hashtags, mentions, urls, weighted_length

PEOPLE = 5000
TAGS = ("Summer2026", "大阪", "Gol")


@pytest.fixture(scope="module")
def writer() -> Writer:
    return Writer(7, pl.Series([f"user_{row}" for row in range(PEOPLE)]), TAGS)


@pytest.fixture
def one_thread() -> Iterator[None]:
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    yield
    numba.set_num_threads(before)


def drafted(n: int, **columns: int | I64) -> Draft:
    """Originals by people on any topic in English, with some columns given."""
    rng = np.random.default_rng(n)
    first = rng.integers(0, 48, n)
    second = np.where(rng.random(n) < 0.3, rng.integers(0, 48, n), first)
    share = np.where(first == second, 1.0, rng.uniform(0.55, 0.85, n)).astype(np.float32)
    zeros, none = np.zeros(n, np.int64), np.full(n, -1)
    draft = Draft(
        author=rng.integers(0, PEOPLE, n), key=np.arange(n), language=zeros, topic=np.stack([first, second], 1),
        share=share, sentiment=rng.integers(-1, 2, n), toxicity=zeros, style=zeros, tag=none, mention=none,
        bait=zeros.astype(np.float32), outrage=zeros.astype(np.float32), usefulness=zeros.astype(np.float32),
        about=none,
    )  # fmt: skip
    return draft._replace(**{name: np.broadcast_to(value, n) for name, value in columns.items()})


def folded(text: str) -> str:
    """Without case, accents and apostrophes, which the hasty leave out."""
    bare = unicodedata.normalize("NFD", text.casefold().replace("'", ""))
    return "".join(c for c in bare if unicodedata.category(c) != "Mn")


def named(texts: Texts, row: int) -> I64:
    return texts.entity[texts.entity_offsets[row] : texts.entity_offsets[row + 1]]


def test_a_text_depends_on_its_row_alone(writer: Writer):
    draft = drafted(9000, language=np.arange(9000) % 5, style=np.arange(9000) % 4)
    whole = writer.write(draft)
    order = np.random.default_rng(0).permutation(9000)[:500]
    some = writer.write(Draft(*(column[order] for column in draft)))
    assert some.text.to_list() == whole.text.gather(order).to_list()
    assert all(np.array_equal(named(some, i), named(whole, row)) for i, row in enumerate(order))


@pytest.mark.usefixtures("one_thread")
def test_one_thread_writes_the_same(writer: Writer):
    draft = drafted(3000, language=2)
    alone = writer.write(draft)
    numba.set_num_threads(2)
    assert alone.text.equals(writer.write(draft).text)


def test_another_seed_author_or_key_is_another_text(writer: Writer):
    draft = drafted(300)
    texts = writer.write(draft).text
    other = Writer(8, [f"user_{row}" for row in range(PEOPLE)], TAGS)
    for changed in (other.write(draft), writer.write(draft._replace(key=draft.key + 1000)),
                    writer.write(draft._replace(author=draft.author + 1))):  # fmt: skip
        assert (changed.text == texts).mean() < 0.1


def test_handles_may_be_a_list_or_a_slice_of_a_column(writer: Writer):
    handles = pl.Series(["x", *(f"user_{row}" for row in range(PEOPLE))])[1:]
    draft = drafted(200, mention=np.arange(200))
    expected = writer.write(draft).text
    assert Writer(7, handles, TAGS).write(draft).text.equals(expected)
    assert Writer(7, handles.to_list(), TAGS).write(draft).text.equals(expected)


@pytest.mark.parametrize("language", range(5))
def test_no_text_is_empty_or_weighs_more_than_allowed(writer: Writer, language: int):
    n = 6000
    at = np.arange(n)
    draft = drafted(n, language=language, style=at % 4, toxicity=at % 5, tag=at % 4 - 1)
    texts = writer.write(draft._replace(mention=np.where(at % 3, -1, at % PEOPLE))).text
    weights = np.array([weighted_length(text) for text in texts])
    assert weights.max() <= 280
    assert weights.min() >= 1
    # Whatever is cut is cut between words: an incomplete code point would not decode.
    assert not any("\ufffd" in text or "{" in text or "  " in text.strip() for text in texts)


def test_truth_names_what_the_text_names(writer: Writer):
    for language in range(5):
        texts = writer.write(drafted(1500, language=language))
        assert texts.entity_offsets[-1] > 300
        for row, text in enumerate(texts.text):
            at, plain = 0, folded(text)
            for name in named(texts, row):
                at = plain.index(folded(writer.entity_names[name]), at)
        assert writer.entity_kinds[texts.entity].min() >= 0


def test_nothing_is_compared_with_itself(writer: Writer):
    pairs = [re.search(r"^(?:@\w+ )?is (.+?) or (.+?)\?", text.lower()) for text in writer.write(drafted(20_000)).text]
    found = [pair.groups() for pair in pairs if pair]
    assert len(found) > 20
    assert not any(before == after for before, after in found)


def test_answers_speak_of_what_they_answer(writer: Writer):
    rows = np.flatnonzero(writer.entity_kinds == 0)[:40]
    about = np.resize(rows, 2000)
    draft = drafted(2000, style=1, about=about, toxicity=0)
    told, untold = writer.write(draft), writer.write(draft._replace(about=np.full(2000, -1)))
    share = [np.mean([about[i] in named(texts, i) for i in range(2000)]) for texts in (told, untold)]
    assert share[0] > 0.05 + 2 * share[1]
    assert texts_with(told, r"\b(him|her|he|she)\b") > texts_with(untold, r"\b(him|her|he|she)\b") + 0.03


def texts_with(texts: Texts, pattern: str) -> float:
    """Share of texts in which a pattern is found."""
    return float(texts.text.str.to_lowercase().str.contains(pattern).mean())


def test_answers_are_about_the_topic_of_what_they_answer(writer: Writer):
    draft = drafted(3000, style=1)
    topic, texts = draft.topic[:, 0], writer.write(draft).text
    assert topical_share(topic, texts) > 0.3
    assert topical_share(topic, texts) > 4 * topical_share(np.roll(topic, 1), texts)


def topical_share(topic: I64, texts: pl.Series) -> float:
    """Share of texts with a thing or an activity of their topic."""
    words = []
    for one in LANGUAGES[0].topics:
        words.append(
            [folded(word) for word in (*one.things, *one.activities, *(base_of(a)[0] for a in one.activities))]
        )
    plain = [folded(text) for text in texts]
    return float(np.mean([any(word in text for word in words[t]) for t, text in zip(topic, plain, strict=True)]))


@pytest.mark.parametrize(
    ("column", "pattern"),
    [
        (
            "bait",
            r"wait|guess|believe|secret|part \d|ready|\.\.\.|reason|bio|soon|shak|news|thread|story|things|facts|signs",
        ),
        ("outrage", r"sick|shame|disgrace|outrage|furious|rag|enough|liars|pay|angry|deserve|bad|lock|scandal|stop"),
        ("usefulness", r"how to|\d|tip|before|check|saves|try|use|first|guide|helped|measure|test"),
    ],
)
def test_what_pulls_at_readers_shows_in_the_words(writer: Writer, column: str, pattern: str):
    draft = drafted(1500, sentiment=0)
    plain, pulling = (
        writer.write(draft._replace(**{column: np.full(1500, level, np.float32)})) for level in (0.0, 0.9)
    )
    assert texts_with(pulling, pattern) > 0.2 + texts_with(plain, pattern)


def test_verbs_agree_with_their_subjects(writer: Writer):
    texts = writer.write(drafted(8000)).text.str.to_lowercase()
    wrong = r"\b(i is|i are|he are|she are|he am|they is|we is|you is|he have|she have|it have|they has|i has|it are)\b"
    assert texts.str.contains(wrong).mean() < 0.004
    assert texts.str.contains(r"\b(i am|i'm|im|he is|she is|they are|we are|it is|it was)\b").mean() > 0.15
    assert not texts.str.contains(r"\ban [bcdfgjklmnpqrstvwxz]\w{3}").mean() > 0.01


def test_words_of_many_have_verbs_of_many(writer: Writer):
    """What was written before: "my shoes is broken", "you very great", "it am", "one of them are"."""
    texts = writer.write(drafted(9000, style=np.arange(9000) % 3)).text.str.to_lowercase()
    many = r"\bmy (shoes|keys|glasses|nails|jeans|headphones|feet|eyes|legs|ears|hands)"
    assert texts.str.contains(many + r" (are|were|hurt|ache|kill) ").mean() > 0
    assert texts.str.contains(many + r" (is|was|hurts|aches|kills)\b").mean() < 0.001
    wrong = r"\b(you very [a-z]{4,}|it am\b|one of (them|us|you) (are|were))"
    assert texts.str.contains(wrong).mean() < 0.001


def test_texts_begin_with_the_handle_and_carry_the_tag_asked_for(writer: Writer):
    draft = drafted(900, mention=np.arange(900) * 5, tag=np.arange(900) % 3, style=1)
    for row, text in enumerate(writer.write(draft).text):
        assert text.startswith(f"@user_{5 * row} ")
        assert mentions(text)[0] == f"user_{5 * row}"
        assert TAGS[row % 3] in hashtags(text)


@pytest.mark.parametrize("category", range(1, 5))
def test_toxic_texts_hold_a_clause_of_their_category(writer: Writer, category: int):
    clauses = [clause.lower().replace("'", "") for clause in LANGUAGES[0].toxic[TOXIC_CATEGORIES[category]]]
    pairs = {pair for clause in clauses for pair in itertools.pairwise(clause.split())}

    def share(toxicity: int) -> float:
        texts = [
            re.findall(r"[\w]+", t.lower().replace("'", "")) for t in writer.write(drafted(400, toxicity=toxicity)).text
        ]
        return float(np.mean([any(pair in pairs for pair in itertools.pairwise(words)) for words in texts]))

    assert share(category) > 0.75
    assert share(0) < 0.4


def test_mood_shows_in_the_words(writer: Writer):
    good, bad = (" ".join(writer.write(drafted(2000, sentiment=mood)).text).lower() for mood in (1, -1))
    assert good.count("love") > 3 * bad.count("love")
    assert bad.count("hate") > 3 * good.count("hate")


def test_spam_links_and_small_talk_names_nothing(writer: Writer):
    spam = writer.write(drafted(1000, style=3)).text
    assert 0.7 < np.mean([bool(urls(text)) for text in spam]) < 0.9
    assert len(writer.write(drafted(1000, style=2)).entity) < 60


def test_lengths_hashtags_and_vocabulary_follow_published_figures(writer: Writer):
    draft = drafted(40_000, style=np.arange(40_000) % 2)
    texts = writer.write(draft).text
    length = texts.str.len_chars().to_numpy()
    commonest = int(np.convolve(np.bincount(length), np.ones(5), "same").argmax())
    assert 28 <= commonest <= 40
    assert 0.10 <= (length > 140).mean() <= 0.14
    assert 0.04 <= (length > 190).mean() <= 0.065
    assert 0.004 <= (length >= 278).mean() <= 0.016
    count = np.array([len(hashtags(text)) for text in texts])
    assert 0.10 <= (count > 0).mean() <= 0.14
    assert np.bincount(np.minimum(count[count > 0], 3), minlength=4)[1:] / (count > 0).sum() == pytest.approx(
        [0.787, 0.139, 0.074], abs=0.02
    )
    words = [word for text in texts for word in re.findall(r"[\w'#@]+", text.lower())]
    sizes = np.geomspace(1000, len(words), 12).astype(int)
    types = [len(set(words[:size])) for size in sizes]
    assert 0.59 < np.polyfit(np.log(sizes), np.log(types), 1)[0] < 0.8


def test_people_keep_their_habits(writer: Writer):
    """Capitals are a trait: some author writes most texts with them or none."""
    draft = drafted(4000, author=np.repeat(np.arange(100), 40))
    lower = np.array(
        [text == text.lower() for text in writer.write(draft).text.str.replace_all(r"[#@]\w+|https\S+", "")]
    )
    share = lower.reshape(100, 40).mean(axis=1)
    assert 0.2 < (share > 0.9).mean() < 0.5
    assert ((share < 0.5) | (share > 0.9)).mean() > 0.95


def test_no_texts_from_an_empty_draft(writer: Writer):
    texts = writer.write(drafted(0))
    assert len(texts.text) == 0
    assert texts.text.dtype == pl.String
    assert texts.entity_offsets.tolist() == [0]
