"""Checks the built site: links and anchors within it lead somewhere, and its search finds what readers look for.

Usage: check.py FOLDER. Ends with 1 and names each fault."""

import html.parser
import json
import pathlib
import re
import sys
import urllib.parse

# What readers look for, and a page that must be among those found.
SEARCHES = {
    "GIL": "interpreter-lock",
    "deadlock": "seeing-threads",
    "install": "index",
    "python -m": "python",
    "lock order": "seeing-threads",
    "download": "command",
}


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.anchors, self.links = set(), []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors.update(filter(None, (attributes.get("id"), attributes.get("name"))))
        for name in ("href", "src"):
            if attributes.get(name):
                self.links.append(attributes[name])


def broken_links(root):
    pages = {path: Page(path) for path in root.rglob("*.html")}
    for path, page in pages.items():
        for link in page.links:
            url = urllib.parse.urlsplit(link)
            if url.scheme or url.netloc:
                continue
            target = (path.parent / urllib.parse.unquote(url.path)).resolve() if url.path else path
            where = path.relative_to(root)
            if not target.is_file():
                yield f"{where}: there is no {link}"
            elif url.fragment and target in pages and urllib.parse.unquote(url.fragment) not in pages[target].anchors | {"top"}:
                yield f"{where}: there is no anchor {link}"


class SearchIndex:
    """Sphinx's index: for each stem the numbers of the pages that hold it."""

    def __init__(self, root, stem):
        self.stem = stem
        text = (root / "searchindex.js").read_text()
        index = json.loads(re.fullmatch(r"Search\.setIndex\((.*)\);?\s*", text, re.DOTALL).group(1))
        self.pages = index["docnames"]
        self.holders = {}
        for table in (index["terms"], index["titleterms"]):
            for stem, numbers in table.items():
                self.holders.setdefault(stem, set()).update(numbers if isinstance(numbers, list) else [numbers])

    def found(self, query):
        words = re.findall(r"\w+", query.lower())
        numbers = set.intersection(*(self.holders.get(self.stem(word), set()) for word in words))
        return {self.pages[number] for number in numbers}


def search_faults(root):
    from snowballstemmer import stemmer  # comes with Sphinx

    index = SearchIndex(root, stemmer("english").stemWord)
    for query, page in SEARCHES.items():
        if page not in index.found(query):
            yield f"the search for \"{query}\" does not find the page {page}"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    faults = [*broken_links(root), *search_faults(root)]
    for fault in faults:
        print(f"site: {fault}", file=sys.stderr)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
