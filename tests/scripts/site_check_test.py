"""The check of the built site names a link, an anchor and a search that lead nowhere, and nothing else."""

import importlib.util
import pathlib
import tempfile
import unittest

CHECK = pathlib.Path(__file__).resolve().parents[2] / "docs/site/check.py"
spec = importlib.util.spec_from_file_location("check", CHECK)
check = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check)


class Links(unittest.TestCase):
    def faults(self, body):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder).resolve()
            (root / "deep").mkdir()
            (root / "index.html").write_text(f'<h1 id="here">A page</h1>{body}')
            (root / "deep/other.html").write_text('<p id="there">Another</p><a href="../index.html#here">back</a>')
            return list(check.broken_links(root))

    def test_what_is_there_is_no_fault(self):
        for link in ("#here", "deep/other.html", "deep/other.html#there", "#", "https://example.org/none#none", "mailto:a@b"):
            self.assertEqual(self.faults(f'<a href="{link}">x</a>'), [], link)

    def test_a_page_an_anchor_and_a_picture_that_are_missing_are_named(self):
        for link in ("none.html", "#none", "deep/other.html#none", "deep/index.html"):
            faults = self.faults(f'<a href="{link}">x</a>')
            self.assertEqual(len(faults), 1, link)
            self.assertIn(link, faults[0])
        self.assertEqual(len(self.faults('<img src="none.svg">')), 1)


class Search(unittest.TestCase):
    def test_a_query_finds_the_pages_that_hold_all_its_words(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "searchindex.js").write_text(
                'Search.setIndex({"docnames":["a","b"],"terms":{"lock":[0,1],"m":1},"titleterms":{"order":0}})'
            )
            index = check.SearchIndex(root, stem=str.lower)
            self.assertEqual(index.found("Lock"), {"a", "b"})
            self.assertEqual(index.found("lock -m"), {"b"})
            self.assertEqual(index.found("lock order"), {"a"})
            self.assertEqual(index.found("none"), set())


if __name__ == "__main__":
    unittest.main()
