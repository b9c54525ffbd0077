"""The languages hold what the writer needs, and a malformed one is refused with a reason."""

from __future__ import annotations

from types import ModuleType

import pytest

from data.synthetic.text.languages import LANGUAGES, PARENT, PARENT_NAMES, TOPIC_NAMES, Language, en, es
from data.synthetic.text.languages.english.forms import base_of, inflect, plural
from data.synthetic.text.languages.grammar import Name, Verb, rules_of
from data.synthetic.text.languages.word_parts import WORD_PARTS
from data.synthetic.text.lexicon import TAIL, lexicon, people_of, strings
from data.synthetic.text.rules import Compiler
from data.tweet_text import hashtags

CODES = ("en", "ja", "es", "pt", "ko")


def _changed(of: ModuleType = es, **changes: object) -> ModuleType:
    words = ModuleType("words")
    words.__dict__.update({name: value for name, value in vars(of).items() if name.isupper()})
    words.__dict__.update(changes)
    return words


def test_five_languages_in_order_speak_about_the_same_topics():
    assert tuple(language.code for language in LANGUAGES) == CODES
    assert set(WORD_PARTS) == set(CODES)
    assert all(tuple(topic.name for topic in language.topics) == TOPIC_NAMES for language in LANGUAGES)


def test_every_topic_has_one_of_nine_parents():
    assert len(TOPIC_NAMES) == len(set(TOPIC_NAMES)) == len(PARENT) == 48
    assert sorted(set(PARENT.tolist())) == list(range(len(PARENT_NAMES))) == list(range(9))
    assert PARENT_NAMES[PARENT[TOPIC_NAMES.index("kpop")]] == "music"
    assert PARENT_NAMES[PARENT[TOPIC_NAMES.index("tennis")]] == "sports"


@pytest.mark.parametrize("language", LANGUAGES, ids=CODES)
def test_hashtags_are_hashtags_to_the_network(language: Language):
    for topic in language.topics:
        text = " ".join(f"#{tag}" for tag in topic.tags)
        assert hashtags(text) == list(topic.tags)


@pytest.mark.parametrize("language", LANGUAGES, ids=CODES)
def test_names_have_a_generated_tail_without_repeats_or_open_slots(language: Language):
    for topic in language.topics[::12]:
        names = people_of(language, topic)
        assert names[: len(topic.entities)] == topic.entities
        assert len(names) == len({entity.name for entity in names}) == len(topic.entities) + TAIL
        tail = names[len(topic.entities) :]
        assert {entity.kind for entity in tail} == {0, 1, 2}
        assert not any("{" in entity.name for entity in tail)


def test_another_topic_has_other_names():
    football, jazz = (people_of(LANGUAGES[0], LANGUAGES[0].topics[row]) for row in (0, 19))
    assert len({e.name for e in football[-TAIL:]} & {e.name for e in jazz[-TAIL:]}) < TAIL // 4


def test_pool_gives_back_the_words_and_marks_named_entities():
    pool, _, names, kinds = lexicon()
    football = LANGUAGES[0].topics[0]
    assert strings(pool, pool.topical[0, 1, 0]) == list(football.things)
    assert strings(pool, pool.topical[0, 3, 0]) == list(football.tags)
    first = pool.topical[0, 0, 0, 0]
    for row, entity in enumerate(football.entities):
        known = pool.entity[first + row]
        assert (known < 0) == (entity.kind < 0)
        if known >= 0:
            assert (names[known], kinds[known]) == entity
    assert len(set(zip(names, kinds.tolist(), strict=True))) == len(names)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"CHAT": es.CHAT[:39]}, "chat needs 40 entries, none empty; there are 39"),
        ({"FRAMES": {**es.FRAMES, 1: es.FRAMES[1][:49]}}, "frames 1 needs 50"),
        ({"SPAM": ("{z} free", *es.SPAM)}, r"unknown slot \['z'\] in '{z} free'"),
        ({"NAME": "{given}"}, "must have exactly the slots"),
        ({"TOPICS": es.TOPICS.replace("football", "foot ball", 1)}, "not TOPIC_NAMES"),
        (
            {"TOPICS": es.TOPICS.replace(es.TOPICS.split("|")[1], " 1MOTD " + es.TOPICS.split("|")[1], 1)},
            "malformed hashtags",
        ),
        ({"TOPICS": es.TOPICS.replace("*o", "*q", 1)}, "must end with"),
        ({"TOPICS": es.TOPICS.replace(" | ", " ", 1)}, "five parts"),
    ],
)
def test_malformed_words_are_refused(changes: dict[str, object], reason: str):
    Language.of(_changed())
    with pytest.raises(ValueError, match=reason):
        Language.of(_changed(**changes))


@pytest.mark.parametrize(
    ("clause", "reason"),
    [
        ("{nothing}", "unknown slot"),
        ("{Talk+", "not closed"),
        ("one | other", "one alternative"),
    ],
)
def test_malformed_clauses_of_a_ruled_language_are_refused(clause: str, reason: str):
    with pytest.raises(ValueError, match=reason):
        compiled(Language.of(_changed(en, CHAT=(clause,))))


def compiled(language: Language) -> Compiler:
    rows: dict[str, int] = {}
    compiler = Compiler(lambda text: rows.setdefault(text, len(rows)))
    compiler.begin(language)
    compiler.clauses(language.chat)
    return compiler


def test_every_rule_of_english_is_known_and_in_the_right_form():
    """Each rule alone compiles, so that none names a rule that is not there."""
    compiler = compiled(LANGUAGES[0])
    for name, rule in LANGUAGES[0].rules.items():
        if rule.predicate:
            for form in "bsdng":
                assert compiler.clauses([f"{{{name}:{form}}}"])[1]
        else:
            assert compiler.clauses([f"{{{name}}}"])[1]


@pytest.mark.parametrize(
    ("verb", "forms"),
    [
        ("stop", "stop stops stopped stopped stopping"),
        ("carry", "carry carries carried carried carrying"),
        ("go", "go goes went gone going"),
        ("have", "have has had had having"),
        ("make", "make makes made made making"),
    ],
)
def test_verbs_bend(verb: str, forms: str):
    assert " ".join(inflect(verb)) == forms


@pytest.mark.parametrize(
    ("activity", "base", "past"),
    [
        ("watching the match", "watch the match", "watched the match"),
        ("losing my voice", "lose my voice", "lost my voice"),
        ("debugging a race condition", "debug a race condition", "debugged a race condition"),
        ("building in public", "build in public", "built in public"),
    ],
)
def test_activities_have_a_base_and_a_past(activity: str, base: str, past: str):
    assert base_of(activity) == (base, past)


def test_rules_are_read_as_written():
    rules = rules_of("Pet = cat | 3* {old|} dog [with {Toy}]\n~Do = sit {Where} and ~eat | {~Rest}")
    assert [type(part).__name__ for part in rules["Pet"].options[1].parts] == ["Choice", "Text", "Choice"]
    assert rules["Pet"].options[1].weight > rules["Pet"].options[0].weight
    assert rules["Do"].predicate
    assert rules["Do"].options[0].parts[0] == Verb("sit")
    assert Verb("eat") in rules["Do"].options[0].parts
    assert rules["Do"].options[1].parts == (Name("~Rest"),)
    with pytest.raises(ValueError, match="declared twice"):
        rules_of("Pet = cat\nPet = dog")


@pytest.mark.parametrize(
    "rules",
    [
        "Food = soup\nAsk = who ate my {Owned|Food}?\nOwned = bag",
        "Food = soup\nAsk = Food | bread",
        "Food+ = soup\nAsk = some [very {good|{old|Food}}] bread",
        "Food@0 = soup\nAsk = {my|Food} bread",
        "Food%any = soup\nAsk = {my|Food } bread",
    ],
)
def test_a_rule_that_is_named_without_brackets_is_refused(rules: str):
    with pytest.raises(ValueError, match="rule 'Ask' would write the name of a rule, 'Food'"):
        rules_of(rules)


def test_a_rule_has_a_name_that_is_no_word():
    """A lower-case name could not be told from the word: `{my {owned|food}}` wrote "food"."""
    with pytest.raises(ValueError, match="begin with what is no rule: 'food = soup'"):
        rules_of("food = soup")
    assert all(name[0].isupper() for name in LANGUAGES[0].rules)


@pytest.mark.parametrize(
    ("many", "one"),
    [("shoes", "dress"), ("feet", "thermos"), ("people", "series"), ("fossil fuels", "chest of drawers")],
)
def test_words_of_many_are_told_from_words_of_one(many: str, one: str):
    assert plural(many)
    assert not plural(one)
