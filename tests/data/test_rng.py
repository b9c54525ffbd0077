from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from data.rng import Stream

WORD = st.integers(0, 2**64 - 1)


@settings(deadline=None)  # the first call compiles
@given(seed=WORD, purpose=st.text(max_size=20), a=WORD, b=WORD, c=WORD, n=st.integers(1, 13))
def test_words_are_those_of_numpys_philox(seed: int, purpose: str, a: int, b: int, c: int, n: int) -> None:
    stream = Stream(seed, purpose)
    counter = np.array([0, a, b, c], np.uint64)
    theirs = np.random.Philox(counter=counter, key=stream.key).random_raw(n)
    ours = stream.words(*(np.array([x], np.uint64) for x in (a, b, c)), n=n)
    assert np.array_equal(ours[0], theirs)


def test_uniform_numbers_are_those_of_numpys_generator() -> None:
    stream = Stream(3, "test")
    assert np.array_equal(stream.uniform([5], [6], [7], n=9)[0], stream.generator(5, 6, 7).random(9))


@settings(deadline=None)
@given(cut=st.integers(0, 50), seed=st.integers(0, 2**32))
def test_draws_do_not_depend_on_chunks_or_order(cut: int, seed: int) -> None:
    stream, entity = Stream(seed, "chunks"), np.arange(50)
    whole = stream.uniform(entity, 3, n=5)
    assert np.array_equal(
        whole, np.concatenate([stream.uniform(entity[:cut], 3, n=5), stream.uniform(entity[cut:], 3, n=5)])
    )
    assert np.array_equal(whole[::-1], stream.uniform(entity[::-1], 3, n=5))


def test_purposes_seeds_and_entities_give_different_numbers() -> None:
    one = Stream(1, "a").uniform(np.arange(100))
    others = [
        Stream(1, "b").uniform(np.arange(100)),
        Stream(2, "a").uniform(np.arange(100)),
        Stream(1, "a").uniform(np.arange(100), 1),
    ]
    assert all(not np.isin(one, other).any() for other in others)


def test_moments_of_uniform_and_normal_numbers() -> None:
    u, z = Stream(1, "u").uniform(np.arange(50_000), n=4), Stream(1, "z").normal(np.arange(50_000), n=4)
    assert u.min() >= 0.0
    assert u.max() < 1.0
    assert abs(u.mean() - 0.5) < 5 * np.sqrt(1 / 12 / u.size)
    assert abs(z.mean()) < 5 / np.sqrt(z.size)
    assert abs(z.std() - 1.0) < 0.01
    assert np.abs(np.corrcoef(z, rowvar=False) - np.eye(4)).max() < 0.03
