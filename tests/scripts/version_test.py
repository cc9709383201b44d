"""The places that say the version, or the licence, say the same."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def found(page, pattern):
    return re.search(pattern, (ROOT / page).read_text(), re.MULTILINE).group(1)


class Version(unittest.TestCase):
    def test_the_citation_is_of_this_version(self):
        self.assertEqual(found("CITATION.cff", r"^version: (\S+)"), found("CMakeLists.txt", r"^    VERSION (\S+)"))

    def test_the_licence_is_the_same(self):
        self.assertEqual(found("CITATION.cff", r"^license: (\S+)"), found("pyproject.toml", r'^license = "(.+)"'))


if __name__ == "__main__":
    unittest.main()
