"""Who is there, who opens the app today and how often, drawn when a day begins from what the days before brought.

A day's use is 0 for who did not open the app, else 1 - w + w e / (e + `engaged`) with w = `habit_engagement` and e the
day's engagements. Habit h is the exponential mean of use over `habit_days`; satisfaction s is that over
`satisfaction_days`, of days on which anything was looked at, of the expected welfare of what was looked at, from
`usual_welfare`. With p the person's usual chance to open the app (`People.regularity`), h* the mean habit to which it
leads, at which h begins (for a new account at `new_habit` x h*), and z = logit:

    z(opens)  = z(p) + habit_opens (h - h*) + satisfaction_opens (s - usual_welfare)
    sessions  = rate / p x exp(habit_sessions (h - h*)),  Poisson, of who opens the app, x the factor of `week`
    z(leaves) = z(leaving + leaving_new exp(-age / settling_days)) - habit_stays (h - h*)
                - satisfaction_stays (s - usual_welfare)
    z(comes back) = z(returning) + satisfaction_returns (s - usual_welfare)

so that a person of usual habit and satisfaction has the mean impressions of `People.activity`. Who does not open the
app writes no originals either; who opens it writes with the rate `People.chatter` / p. A new account opens the app on
the day on which it is made. Draws are keyed by (person, day).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from data.batch import F64, I64, Array, Mask
from data.events import DAY_US
from data.rng import Stream
from data.synthetic.config import WorldConfig
from data.synthetic.people import People
from data.synthetic.rhythm import session_rate
from data.synthetic.week import session_hours

AHEAD, HERE, LEFT = range(3)
"""Values of `Lives.status`: will join later, has an account and uses it, has left for now."""
USUAL_ENGAGED = 0.35
"""Mean of e / (e + `engaged`) over days on which people open the app, for the mean habit h*."""


class Lives(NamedTuple):
    """Columns by user row, [P]."""

    status: NDArray[np.int8]
    """AHEAD, HERE or LEFT on this day."""
    habit: F64
    """In [0, 1], as of the day's begin."""
    satisfaction: F64
    """In [-1, 1], as of the day's begin."""
    opens: Mask
    """Whether the person may open the app on this day."""
    sessions: F64
    """Factor of `rhythm.session_rate` on this day, for who opens the app."""
    writes: F64
    """Factor of the person's mean number of originals on this day; 0 for who does not open the app."""
    wrote: F64
    """The same of the day before."""
    opened: Mask
    """Whether the person loaded the feed on this day so far."""
    engagements: F64
    """Engagements of this day so far."""
    looked: F64
    """Expected number of tweets looked at on this day so far."""
    welfare: F64
    """The sum of their expected welfare."""


class Chances(NamedTuple):
    """What the next day holds for each person, [P]."""

    habit: F64
    satisfaction: F64
    leaves: F64
    """Chance to leave, of one who is here."""
    returns: F64
    """Chance to come back, of one who left."""
    opens: F64
    """Chance to open the app, of one who is here then."""
    sessions: F64
    """Factor of `rhythm.session_rate`, of one who opens the app."""


def start(config: WorldConfig, people: People) -> Lives:
    """Before the first day: everyone whose account was made before it has the usual habit and satisfaction."""
    count = len(people)
    here = people.created_us < config.start_us
    none, one = np.zeros(count), np.ones(count)
    return Lives(
        status=np.where(here, HERE, AHEAD).astype(np.int8),
        habit=usual_habit(config, people) * np.where(here, 1.0, config.retention.new_habit),
        satisfaction=np.full(count, config.retention.usual_welfare),
        opens=np.zeros(count, np.bool_), sessions=one, writes=none, wrote=none,
        opened=np.zeros(count, np.bool_), engagements=none.copy(), looked=none.copy(), welfare=none.copy(),
    )  # fmt: skip


def usual_habit(config: WorldConfig, people: People) -> F64:
    """[P] the mean habit to which each person's usual days lead."""
    w = config.retention.habit_engagement
    active = people.regularity * -np.expm1(-session_rate(config, people) / people.regularity)
    habit: F64 = active * (1.0 - w + w * USUAL_ENGAGED)
    return habit


def chances(config: WorldConfig, people: People, lives: Lives, day: int) -> Chances:
    """What day `day` (0 is the first) holds if the day before it ends with `lives`."""
    c = config.retention
    habit, satisfaction = lives.habit, lives.satisfaction
    if day > 0:
        engaged = lives.engagements / (lives.engagements + c.engaged)
        use = lives.opened * (1.0 - c.habit_engagement * (1.0 - engaged))
        habit = np.where(lives.status == AHEAD, habit, habit - np.expm1(-1.0 / c.habit_days) * (use - habit))
        mean = lives.welfare / np.where(lives.looked > 0, lives.looked, 1.0)
        step = np.where(lives.looked > 0, -np.expm1(-1.0 / c.satisfaction_days), 0.0)
        satisfaction = satisfaction + step * (mean - satisfaction)
    used = habit - usual_habit(config, people)
    glad = satisfaction - c.usual_welfare
    age = np.maximum(config.start_us + day * DAY_US - people.created_us, 0) / DAY_US
    hazard = np.minimum(c.leaving + c.leaving_new * np.exp(-age / c.settling_days), 1.0)
    return Chances(
        habit, satisfaction,
        leaves=expit(logit(hazard) - c.habit_stays * used - c.satisfaction_stays * glad),
        returns=expit(logit(c.returning) + c.satisfaction_returns * glad),
        opens=expit(logit(people.regularity) + c.habit_opens * used + c.satisfaction_opens * glad),
        sessions=np.exp(c.habit_sessions * used) / people.regularity,
    )  # fmt: skip


def begin_day(config: WorldConfig, people: People, lives: Lives, day: int) -> Lives:
    """The columns of day `day` (0 is the first), from those of the day before it."""
    chance = chances(config, people, lives, day)
    luck = Stream(config.seed, "return").uniform(np.arange(len(people)), day, n=3)
    here, left = lives.status == HERE, lives.status == LEFT
    leaves, returns = here & (luck[:, 0] < chance.leaves), left & (luck[:, 1] < chance.returns)
    joins = (lives.status == AHEAD) & (people.created_us < config.start_us + (day + 1) * DAY_US)
    status = lives.status.copy()
    status[leaves], status[returns | joins] = LEFT, HERE
    opens = joins | (status == HERE) & (luck[:, 2] < chance.opens)
    none = np.zeros(len(people))
    return Lives(
        status, chance.habit, chance.satisfaction, opens, chance.sessions, opens / people.regularity, lives.writes,
        opened=np.zeros(len(people), np.bool_), engagements=none.copy(), looked=none.copy(), welfare=none.copy(),
    )  # fmt: skip


def return_probability(config: WorldConfig, people: People, lives: Lives, day: int, users: I64) -> F64:
    """[U] chance that each person loads the feed at least once on day `day`, if the day before it ends with `lives`.

    It has the day of the week in it. 0 for who has not joined by then.
    """
    chance = chances(config, people, lives, day)
    there = np.where(lives.status == HERE, 1.0 - chance.leaves, np.where(lives.status == LEFT, chance.returns, 0.0))
    week = session_hours(config, day).factor[people.place]
    some = -np.expm1(-session_rate(config, people) * week * chance.sessions)
    out: F64 = (there * chance.opens * some)[users]
    return out


def observe_requests(lives: Lives, users: I64) -> None:
    """Takes the people [N] who loaded the feed, user rows, into the day so far."""
    lives.opened[users] = True


def observe_impressions(lives: Lives, users: I64, looked: F64, welfare: F64) -> None:
    """Takes impressions [N] with the chance to be looked at and the welfare of looking into the day so far."""
    count = len(lives.status)
    lives.looked[:] += np.bincount(users, looked, minlength=count)
    lives.welfare[:] += np.bincount(users, looked * welfare, minlength=count)


def observe_engagements(lives: Lives, users: I64, meant_well: Array) -> None:
    """Takes what people [N] did; only what they meant well counts."""
    lives.engagements[:] += np.bincount(users[meant_well], minlength=len(lives.status))
