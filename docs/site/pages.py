"""Collects the site's pages in a folder: docs/, the README as the first page, what else lies beside it.

Usage: pages.py FOLDER, from the root of the tree. Links from pages to files of the tree stay links to files.
"""

import pathlib
import re
import shutil
import sys

import bars

SITE = pathlib.Path("docs/site")
# Pages at the root of the tree become pages beside those of docs/.
ROOT_PAGES = {"README.md": "index.md", "CHANGELOG.md": "CHANGELOG.md", "CONTRIBUTING.md": "CONTRIBUTING.md"}
# Where the files are that pages link to beside pages; the site gives them to be downloaded.
LINKED = ("LICENSE", "apps", "benchmarks", "examples", "include", "python", "scripts", "src", "tests")


def moved_link(match):
    """A link of a page at the root, as it must be beside the pages of docs/."""
    target = match.group(1)
    if re.match(r"[a-z]+:|#", target):
        return match.group()
    if target.startswith("docs/"):
        return f"]({target.removeprefix('docs/')})"
    return f"]({ROOT_PAGES[target]})" if target in ROOT_PAGES else f"](../{target})"


def main():
    folder = pathlib.Path(sys.argv[1])
    shutil.copytree("docs", folder, ignore=shutil.ignore_patterns("site"), dirs_exist_ok=True)
    for page, name in ROOT_PAGES.items():
        text = re.sub(r"\]\(([^)\s]+)\)", moved_link, pathlib.Path(page).read_text())
        (folder / name).write_text(text)
    with (folder / "index.md").open("a") as index:
        index.write((SITE / "navigation.md").read_text())
    for index in (folder / "decisions/index.md", folder / "proposals/index.md"):
        with index.open("a") as text:
            text.write("\n```{toctree}\n:hidden:\n:glob:\n\n*\n```\n")
    benchmarks = folder / "benchmarks.md"
    benchmarks.write_text(bars.drawn(benchmarks.read_text()))
    for name in LINKED:
        link = folder.parent / name
        link.unlink(missing_ok=True)
        link.symlink_to(pathlib.Path(name).resolve())


if __name__ == "__main__":
    main()
