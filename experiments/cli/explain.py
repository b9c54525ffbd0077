"""The verbs `why` and `score-post`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.cli.console import DataFolder, JsonFlag, id_of, progress_bar, show

_Model = Annotated[str, typer.Option("--model", help="Alias, version, run id or folder of the ranker.")]
_Preset = Annotated[
    str | None, typer.Option("--preset", help="Settings of the feed by name: x_2026_10; see docs/funnel.md.")
]


def why(
    data: DataFolder,
    user: Annotated[int, typer.Option(parser=id_of, metavar="ID", help="The reader.")],
    tweet: Annotated[
        list[int] | None,
        typer.Option(
            parser=id_of, metavar="ID", help="A tweet to explain in full, in the feed or not; may be given again."
        ),
    ] = None,
    model: _Model = "champion",
    preset: _Preset = None,
    k: Annotated[int, typer.Option("-k", min=1, max=200, help="Length of the feed.")] = 20,
    html: Annotated[Path | None, typer.Option(help="Write it as a page, too, with every tweet in full.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Why a reader's home feed looks as it does at the end of a data set's log.

    For each tweet: the sources that brought it, what the model read and said, every adjustment of its score, and its
    rank before and after each stage; for one that is not shown, the stage and the reason that dropped it.

    Example: rookery why --data var/world --user 12 --tweet 1599020160229376000
    """
    from data.dataset import Dataset
    from data.folders import check_file
    from data.home_folder import home_folder
    from experiments.cli.explain_tables import feed_tables, tweet_tables
    from experiments.live.explain_page import write_explanation
    from experiments.live.home import local_home
    from experiments.live.tweet_texts import tweet_texts

    if html is not None:
        check_file(html)
    dataset = Dataset.open(data)
    with progress_bar("replay the log"):
        home = local_home(dataset, model, home_folder(), preset)
    found = home.explain(user, k, tweet or [])
    texts = tweet_texts(dataset, [one.tweet_id for one in (*found.tweets, *found.asked)])
    if html is not None:
        write_explanation(found, texts, home.model.name, html)
    tables = [one for asked in found.asked for one in tweet_tables(asked, texts)] or feed_tables(found, texts)
    show(found, as_json=as_json, tables=tables)


def score_post(
    text: Annotated[str, typer.Argument(help="The words of the tweet.")],
    data: DataFolder,
    author: Annotated[int, typer.Option(parser=id_of, metavar="ID", help="Who would post it.")],
    readers: Annotated[int, typer.Option(min=1, max=100_000, help="Readers to draw.")] = 200,
    model: _Model = "champion",
    preset: _Preset = None,
    k: Annotated[int, typer.Option("-k", min=1, max=200, help="Length of a feed.")] = 50,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draw.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """What readers' feeds would make of a tweet, posted by an author at the end of a data set's log.

    Half of the readers are followers of the author, the others anybody who was there in the last week. The data set is
    not changed.

    Example: rookery score-post "the new lenses are here" --data var/world --author 12
    """
    from data.dataset import Dataset
    from data.home_folder import home_folder
    from experiments.cli.explain_tables import post_table
    from experiments.live.home import local_home
    from experiments.live.own_post import score_post as scored

    with progress_bar("replay the log"):
        home = local_home(Dataset.open(data), model, home_folder(), preset)
    with progress_bar("make the readers' feeds") as progress:
        found = scored(home, text, author, readers=readers, k=k, seed=seed, progress=progress)
    value = {
        "tweet_id": found.tweet_id, "author_id": author, "text": text, "k": k, "model": home.model.name,
        "groups": found.summary().to_dicts(), "readers": found.readers.to_dicts(),
    }  # fmt: skip
    show(value, as_json=as_json, tables=[post_table(found)])


VERBS = {"why": why, "score-post": score_post}
