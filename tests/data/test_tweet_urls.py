"""URLs against examples of each published rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.top_level_domains import top_level_domains
from data.tweet_text import urls
from data.tweet_urls import url_spans

WHOLE = [
    "http://a.com", "https://a.b.cd", "HTTPS://Ab.COM/x", "a.com", "sub.a.co.uk/x", "a.com:80/x", "http://ああ.com",
    "http://あ-あ.com", "http://☃.net/", "http://ああ.みんな/x", "http://sub.ああ.com", "a.みんな", "ELPAÍS.com/x",
    "http://xn--ls8h.la/", "http://a.xn--p1ai", "http://a_b.c-d.com", "a_b.c.com", "http://a-b.com", "a.com?x=1&y=2",
    "http://a.com/#", "http://a.com/#!/x", "http://a.com/?a|b", "http://a.com/a+", "http://a.com/a-", "http://a.com/a/?b-",
    "http://a.com/x.,;y", "http://a.com/x–y", "http://a.com/Русские_слова", "http://a.com/@user/x", "http://a.com/a(b)",
    "http://a.com/a(b(c)d)e/", "http://t.co", "https://t.co/aB3?x=1", "t.co/a-b",
    "http://t.co/" + "x" * 40, "onion.onion", "http://" + "a" * 63 + ".com",
]  # fmt: skip


@pytest.mark.parametrize("url", WHOLE)
def test_is_a_url_whatever_stands_around_it(url: str) -> None:
    for before, after in [
        ("", ""),
        ("x ", " x"),
        ("(", ")"),
        ('"', '"'),
        ("\u2066\u202a", "\u202c\u2069"),
        ("あ", " "),
        ("=", "!"),
    ]:
        assert urls(before + url + after) == [url]
    assert urls(f"{url} {url}\n{url}") == [url] * 3


@pytest.mark.parametrize("url", WHOLE)
def test_is_no_url_behind_a_sign_or_within_a_word(url: str) -> None:
    assert urls(f"#{url} ${url} @{url} ＃{url}") == []
    if "://" in url:
        assert urls(f"x{url} 1{url}") == []


@pytest.mark.parametrize(
    "text",
    [
        "http://a", "http://a.x", "a.comm", "a.com-b", "a.com+b", "a.com@b.org", "me.a-b@b.com", "me@b.com", "a.bz2",
        "http://-a.com", "http://a-.com", "http://a.-b.com", "http://a.b-.com", "http://_a.b.com", "http://a_.b.com",
        "http://a_b.com", "http://a.c_o_m", "http://xn--あ.com", "-a.com", "_a.com", ".a.com", "//a.com", "ftp://a.com",
        "http://t.co/" + "x" * 41, "a" * 64 + ".com", "http://" + "あ" * 60 + ".com", "http://“a”.x", "3.14", "...",
        "http://" + "a." * 130 + "com/b.com", "a..com",
    ],
)  # fmt: skip
def test_is_no_url(text: str) -> None:
    assert urls(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("語a.com語b.jp/x한c.みんなです", ["a.com", "b.jp/x", "c.みんな"]),
        ("http://a.com語b.com語http://c.com/d語", ["http://a.com", "b.com", "http://c.com/d"]),
        ("http://a.comあ.comb/c", ["http://a.com"]),
        ("a.com.zzz and http://a.com.zzz", ["a.com", "http://a.com"]),
        ("http:// a.com/b", ["a.com/b"]),
        ("http://a.com/x... a.com/,,, a.com/x'!", ["http://a.com/x", "a.com/", "a.com/x"]),
        ("http://a.com/b) a.com/(b a.com/b(c(d(e)))", ["http://a.com/b", "a.com/", "a.com/b"]),
        ("a.com/(a.org/(b a.net", ["a.com/", "a.org/", "a.net"]),
        ("http://a.com?u=http://b.com/x http://c.com", ["http://a.com?u=http://b.com/x", "http://c.com"]),
        ("a.com? a.com?! a.com?x!", ["a.com", "a.com", "a.com?x"]),
        ("http://t.co/ab's http://t.co/ab-c/d http://t.co/ab?x#y!", ["http://t.co/ab"] * 2 + ["http://t.co/ab?x#y"]),
        ("https://" + "a" * 64 + ".com/b.com https://c.com", ["https://c.com"]),
    ],
)
def test_finds_where_urls_end(text: str, found: list[str]) -> None:
    assert urls(text) == found


def test_every_top_level_domain_is_known_in_either_case_with_and_without_a_scheme() -> None:
    assert {
        "com",
        "jp",
        "aaa",
        "zw",
        "vermögensberatung",
        "みんな",
        "рф",
        "भारतम्",
        "한국",
        "xn--x",
    } - top_level_domains() == {"xn--x"}
    assert not top_level_domains() & {"example", "test", "invalid", "local", "localhost", "x", "baz"}
    for name in top_level_domains():
        assert name == name.lower()
        for url in (f"https://a.{name}", f"a.{name.upper()}/x"):
            assert urls(f"{url} {url}") == [url, url]


PARTS = st.sampled_from([*"aZ9_-./:@#語み。é(?)\u200d", "http://", "a.com", "t.co/", "みんな"])


@given(st.lists(PARTS, max_size=40).map("".join))
def test_spans_are_apart_in_order_and_hold_a_dot(text: str) -> None:
    at = 0
    for start, end in url_spans(text):
        assert at <= start < end <= len(text)
        assert "." in text[start:end]
        assert text[end - 1] not in {".", ",", "!", "?", ":"}
        at = end
