"""The pages lead to what there is: links, and the paths that they quote."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
QUOTED = re.compile(r"`((?:data|features|ranking|candidates|serving|experiments|tests|docs)/[\w./-]*)`")
PACKAGES = ("data", "features", "ranking", "candidates", "serving", "experiments", "tests")
EXAMPLES = {
    "ranking/scorers/freshness.py",
    "ranking/metrics/top_hit.py",
    "features/views/impressions_6h.py",
    "candidates/sources/newest.py",
    "candidates/filters/quotes.py",
    "serving/consumers/languages.py",
    "serving/fanout/policies/loyal.py",
}
"""Files that a page has the reader write."""


def anchors(page: Path) -> set[str]:
    """The headings of a page as GitHub links to them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_resolve(page: Path) -> None:
    missing = []
    for link in LINK.findall(page.read_text()):
        if "://" in link:
            continue
        target, _, anchor = link.partition("#")
        found = page.parent / target if target else page
        if not found.exists() or (anchor and anchor not in anchors(found)):
            missing.append(link)
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_quoted_paths_exist(page: Path) -> None:
    quoted = set(QUOTED.findall(page.read_text())) - EXAMPLES
    assert [one for one in sorted(quoted) if not (ROOT / one).exists()] == []


def test_pages_that_the_code_names_exist() -> None:
    sources = [path for path in ROOT.glob("*/**/*.py") if path.parts[len(ROOT.parts)] in PACKAGES] + [
        *ROOT.glob("*.py")
    ]
    named = {page for path in sources for page in re.findall(r"docs/[\w-]+\.md", path.read_text())}
    assert named
    assert [page for page in sorted(named) if not (ROOT / page).exists()] == []


def test_every_page_is_linked_from_the_readme() -> None:
    linked = set(LINK.findall((ROOT / "README.md").read_text()))
    assert [page.name for page in PAGES[1:] if f"docs/{page.name}" not in linked] == []
