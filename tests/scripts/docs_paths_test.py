"""Every file and folder that the pages about the code name is there."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ("docs/code-map.md", "docs/design.md", "CONTRIBUTING.md")
TOPS = "apps|benchmarks|docs|examples|include|python|scripts|src|tests"
# A path between backticks; not one with a placeholder, as src/FOLDER/NAME.cpp.
PATH = re.compile(rf"`((?:{TOPS})/[a-z0-9_./+-]*)`")
# Reserved, or made by a build.
NOT_YET = {"src/explore/"}


class Paths(unittest.TestCase):
    def test_what_pages_name_is_there(self):
        for page in PAGES:
            named = PATH.findall((ROOT / page).read_text())
            self.assertTrue(named, page)
            for path in named:
                if path not in NOT_YET:
                    found = (ROOT / path).exists() or any(ROOT.glob(f"{path}.?pp"))
                    self.assertTrue(found, f"{page} names {path}")

    def test_the_code_map_names_every_folder_of_sources(self):
        text = (ROOT / "docs/code-map.md").read_text()
        for source in [*(ROOT / "src").rglob("*.cpp"), *(ROOT / "apps").glob("*/*.cpp")]:
            folder = f"{source.parent.relative_to(ROOT)}/"
            if folder != "src/":
                self.assertIn(f"`{folder}`", text)


if __name__ == "__main__":
    unittest.main()
