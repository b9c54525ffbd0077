"""How English verbs and nouns bend, what agrees with a subject, and how hasty people type common words."""

# ruff: noqa: E501, SIM905 - words read best as they are spoken
from __future__ import annotations

_IRREGULAR: dict[str, tuple[str, str]] = {
    lemma: (past, participle)
    for lemma, past, participle in (
        line.split("/")
        for line in (
            "be/was/been cast/cast/cast become/became/become beat/beat/beaten begin/began/begun bet/bet/bet bite/bit/bitten blow/blew/blown break/broke/broken bring/brought/brought "
            "build/built/built burst/burst/burst buy/bought/bought catch/caught/caught choose/chose/chosen come/came/come cost/cost/cost cut/cut/cut "
            "deal/dealt/dealt do/did/done draw/drew/drawn drink/drank/drunk drive/drove/driven eat/ate/eaten fall/fell/fallen feed/fed/fed feel/felt/felt "
            "fight/fought/fought find/found/found fly/flew/flown forget/forgot/forgotten forgive/forgave/forgiven freeze/froze/frozen get/got/got "
            "give/gave/given go/went/gone grow/grew/grown hang/hung/hung have/had/had hear/heard/heard hide/hid/hidden hit/hit/hit hold/held/held "
            "hurt/hurt/hurt keep/kept/kept know/knew/known lay/laid/laid lead/led/led leave/left/left lend/lent/lent let/let/let lie/lied/lied light/lit/lit "
            "lose/lost/lost make/made/made mean/meant/meant meet/met/met mow/mowed/mowed pay/paid/paid put/put/put quit/quit/quit read/read/read ride/rode/ridden "
            "ring/rang/rung rise/rose/risen run/ran/run say/said/said see/saw/seen sell/sold/sold send/sent/sent set/set/set sew/sewed/sewn shake/shook/shaken "
            "shoot/shot/shot show/showed/shown shut/shut/shut sing/sang/sung sit/sat/sat sleep/slept/slept speak/spoke/spoken spend/spent/spent spill/spilled/spilled "
            "stand/stood/stood steal/stole/stolen stick/stuck/stuck sting/stung/stung strike/struck/struck swear/swore/sworn sweep/swept/swept swim/swam/swum swing/swung/swung "
            "take/took/taken teach/taught/taught tear/tore/torn tell/told/told think/thought/thought throw/threw/thrown understand/understood/understood "
            "wake/woke/woken wear/wore/worn win/won/won write/wrote/written overthink/overthought/overthought binge/binged/binged weave/wove/woven wind/wound/wound "
            "bend/bent/bent bleed/bled/bled grind/ground/ground upset/upset/upset overhear/overheard/overheard rebuild/rebuilt/rebuilt rewrite/rewrote/rewritten "
            "rewatch/rewatched/rewatched reread/reread/reread spread/spread/spread split/split/split foresee/foresaw/foreseen deploy/deployed/deployed burn/burned/burned dig/dug/dug "
            "oversleep/overslept/overslept outrun/outran/outrun undo/undid/undone redo/redid/redone"
        ).split()
    )
}

_DOUBLED = frozenset(
    "stop drop plan shop chat beg drag fit grab hug jog knit lag map mop nap nod pat pet pop rip rob rub scan ship sip skip slap slip snap "
    "spot step stir strip swap tap tip trap trip wrap zip chop hop plug blog vlog admit commit regret refer prefer cancel travel get put cut "
    "run sit win let hit set quit swim shut begin forget bet dig upset prep pin clap bin ban dab flop hum jam log net pin plot spin tan ram rev "
    "star debug repot stun babysit bat bid dim drum pitstop throb cram".split()
)

AGREEING: dict[str, tuple[str, ...]] = {
    name: tuple(words.split(","))
    for name, words in {
        "be": "am,are,is,is,is,are,are",
        "bes": "'m,'re,'s,'s,'s,'re,'re",
        "sbe": " am, are, is, is, is, are, are",
        "nt": "'m not,aren't,isn't,isn't,isn't,aren't,aren't",
        "was": "was,were,was,was,was,were,were",
        "wasnt": "wasn't,weren't,wasn't,wasn't,wasn't,weren't,weren't",
        "do": "do,do,does,does,does,do,do",
        "dont": "don't,don't,doesn't,doesn't,doesn't,don't,don't",
        "have": "have,have,has,has,has,have,have",
        "haves": "'ve,'ve,'s,'s,'s,'ve,'ve",
        "havent": "haven't,haven't,hasn't,hasn't,hasn't,haven't,haven't",
        "my": "my,your,his,her,its,our,their",
        "me": "me,you,him,her,it,us,them",
        "myself": "myself,yourself,himself,herself,itself,ourselves,themselves",
        "sub": "I,you,he,she,it,we,they",
    }.items()
}
"""By subject, in the order of SUBJECTS."""

REFERRING: dict[str, tuple[str, ...]] = {
    "it": ("he", "she", "it", "they"),
    "him": ("him", "her", "it", "them"),
    "his": ("his", "her", "its", "their"),
    "that": ("that", "that", "that", "those"),
    "refbe": ("he is", "she is", "it is", "they are"),
    "refs": ("he's", "she's", "it's", "they're"),
    "refwas": ("he was", "she was", "it was", "they were"),
    "refhas": ("he has", "she has", "it has", "they have"),
    "isref": ("is he", "is she", "is it", "are they"),
    "wasref": ("was he", "was she", "was it", "were they"),
    "doesref": ("does he", "does she", "does it", "do they"),
}
"""For the last name: a man, a woman, a thing, many."""

VARIANTS: dict[str, tuple[str, str, str]] = {
    word: (word, hasty, very)
    for word, hasty, very in (
        line.split("/")
        for line in (
            "you/you/u your/your/ur you're/you're/ur are/are/r going to/gonna/gonna want to/wanna/wanna got to/gotta/gotta because/because/cuz "
            "about/about/abt people/people/ppl please/pls/plz right now/right now/rn though/tho/tho though,/tho,/tho with/with/w and/and/n "
            "before/before/b4 kind of/kinda/kinda don't know/dunno/dunno so much/so much/sm to be honest/tbh/tbh I don't know/idk/idk "
            "oh my god/omg/omg someone/someone/sum1 tonight/tonight/2nite tomorrow/tomorrow/tmrw what/what/wat the/the/da love/love/luv "
            "thanks/thx/thnx okay/ok/k everyone/everyone/every1 nothing/nothing/nothin for/for/4 see you/see ya/cya too/too/2 why/why/y "
            "them/them/em probably/prob/prob really/really/rly favourite/fave/fav birthday/bday/bday pictures/pics/pics text/txt/txt give me/gimme/gimme let me/lemme/lemme"
        ).replace("going to", "going_to").replace("want to", "want_to").replace("got to", "got_to").replace("right now", "right_now").replace("kind of", "kind_of")
        .replace("don't know", "don't_know").replace("so much", "so_much").replace("to be honest", "to_be_honest").replace("I don't", "I_don't")
        .replace("oh my god", "oh_my_god").replace("see you", "see_you").replace("see ya", "see_ya").replace("give me", "give_me").replace("let me", "let_me").split()
    )
    for word, hasty, very in [(word.replace("_", " "), hasty.replace("_", " "), very.replace("_", " "))]
    if word not in ("the", "for", "too", "why", "though,", "what")
}  # fmt: skip

_PLURAL_NOT = (
    "ss",
    "us",
    "is",
    "news",
    "series",
    "texas",
    "paris",
    "ics",
    "os",
    "atlas",
    "lens",
    "drawers",
    "baileys",
    "horlicks",
    "schnapps",
)
_PLURAL_TOO = ("feet", "teeth", "people", "men", "women", "children", "media", "police")
_WOMEN = frozenset(
    "Olivia Emma Amelia Sophie Grace Chloe Ruby Hannah Megan Ashley Kayla Jasmine Aaliyah Niamh Isla Cerys Zoe Abby Paige Lucy Tracy Linda Priya Ngozi Maeve "
    "Swiatek Gauff Sabalenka Osaka Rybakina Katie Florence Margot Greta Ali Hannah Sarah Tina Taylor Beyonce Dua Billie Ariana Adele Lady Charli Sabrina "
    "Rihanna Chappell Lorde Nicki Megan Doechii Little Jennie Lisa Ella Nigella Julia Samin Mary Nadiya Claire Ms Greta Frida Zendaya Rihanna Serena Simone Marie Jane Ursula Margaret Zadie Sally Agatha Annie Vivian Coco".split()
)


def inflect(lemma: str) -> tuple[str, str, str, str, str]:
    """Base, third person, past, past participle and gerund.

    >>> inflect("carry")
    ('carry', 'carries', 'carried', 'carried', 'carrying')
    """
    if lemma == "be":
        return "be", "is", "was", "been", "being"
    if lemma == "have":
        return "have", "has", "had", "had", "having"
    consonant_y = lemma.endswith("y") and lemma[-2] not in "aeiou"
    third = (
        lemma[:-1] + "ies"
        if consonant_y
        else lemma + "es"
        if lemma.endswith(("s", "sh", "ch", "x", "z", "o"))
        else lemma + "s"
    )
    stem = lemma + lemma[-1] if lemma in _DOUBLED else lemma
    if lemma.endswith("ie"):
        gerund = lemma[:-2] + "ying"
    elif lemma.endswith("e") and not lemma.endswith(("ee", "oe", "ye")):
        gerund = lemma[:-1] + "ing"
    else:
        gerund = stem + "ing"
    past = lemma[:-1] + "ied" if consonant_y else lemma + "d" if lemma.endswith("e") else stem + "ed"
    return lemma, third, *_IRREGULAR.get(lemma, (past, past)), gerund


_KNOWN = frozenset(
    "argue arrange bake bathe bike binge bumble care change charge chase combine cycle dance debate dine drive dye file fine-tune hike hope ice juggle knit lace lose make "
    "manage measure merge negotiate paste phone pose practise prune queue race rage raise ride rebalance reserve rewire rehearse revise rotate save score scrape "
    "share simulate simmer smoke solve stake stage stare store style surprise survive taste time trade tune type use vote waste wire write have give take come move live love "
    "leave believe receive arrive drive serve observe browse close choose rise raise praise purchase compare explore restore prepare square stare declare tidy frame name "
    "tame blame resume consume dine define combine line shine quote note promote delete complete compete calibrate create donate hate rate update locate celebrate meditate educate celebrate translate "
    "cite excite invite write bite decide divide provide ride slide hide guide bribe subscribe describe scribble struggle juggle sample handle bundle settle bottle battle wrestle whistle bubble double gamble "
    "manage damage bandage engage arrange exchange challenge lounge damage change page cage rage stage judge budge ice slice dice price notice practice dance bounce pounce announce produce reduce introduce "
    "trace place face replace race brace embrace space pace type hope scope cope wipe swipe stripe bake rake make take shake wake fake smoke poke joke choke stroke evoke bike hike like strike spike".split()
)


_STEMS = {"commut": "commute", "debugg": "debug", "diall": "dial", "heckl": "heckle", "insulat": "insulate", "labell": "label",
          "pipett": "pipette", "repott": "repot", "shovell": "shovel", "stargaz": "stargaze"}  # fmt: skip


def base_of(activity: str) -> tuple[str, str]:
    """Base form and past of "watching the match".

    >>> base_of("losing my voice")
    ('lose my voice', 'lost my voice')
    """
    gerund, blank, rest = activity.partition(" ")
    stem = gerund.removesuffix("ing")
    stem = _STEMS.get(stem, stem)
    if stem == gerund:
        return "do some " + activity, "did some " + activity
    candidates = [stem, stem + "e", stem[:-1], stem[:-2] + "ie" if stem.endswith("y") else stem]
    if stem + "e" in _KNOWN or (stem + "e") in _IRREGULAR:
        lemma = stem + "e"
    elif stem in _IRREGULAR:
        lemma = stem
    elif len(stem) > 2 and stem[-1] == stem[-2] and stem[:-1] in _DOUBLED:
        lemma = stem[:-1]
    else:
        lemma = candidates[0]
    past = "was" if lemma == "be" else inflect(lemma)[2]
    return lemma + blank + rest, past + blank + rest


def plural(noun: str) -> bool:
    """Whether a noun phrase of the topics is of many."""
    low = noun.lower()
    return low.endswith(_PLURAL_TOO) or (low.endswith("s") and not low.endswith(_PLURAL_NOT))


def woman(name: str) -> bool:
    """Whether a person of this name is spoken of as she."""
    return name.split(maxsplit=1)[0] in _WOMEN or name in _WOMEN
