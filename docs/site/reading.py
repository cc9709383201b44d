"""What the site makes of the pages beyond their Markdown, which stays as plain as a code host shows it.

Code in Python followed by the same in C++, or the other way round, becomes two tabs; the reader's choice of language
holds on all pages. The name of a type of the C++ library, written as code, links to its reference.
"""

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx_inline_tabs._impl import TabContainer

LANGUAGES = {"python": "Python", "cpp": "C++"}


class SideBySide(SphinxTransform):
    default_priority = 500

    def apply(self):
        for first in list(self.document.findall(nodes.literal_block)):
            second = first.next_node(descend=False, siblings=True)
            if isinstance(second, nodes.literal_block) and {first.get("language"), second.get("language")} == set(LANGUAGES):
                pair = sorted((first, second), key=lambda block: list(LANGUAGES).index(block["language"]))
                parent, where = first.parent, first.parent.index(first)
                parent[where : where + 2] = [self.tab(block, number == 0) for number, block in enumerate(pair)]

    def tab(self, block, starts):
        container = TabContainer("", type="tab", new_set=starts)
        language = LANGUAGES[block["language"]]
        container += nodes.label("", "", nodes.Text(language))
        container += nodes.container("", block, is_div=True, classes=["tab-content"])
        return container


class LinkedNames(SphinxTransform):
    default_priority = 500

    def apply(self):
        names = self.config.threadwise_types
        if self.env.docname.startswith(("python", "differences", "tutorial")):
            return  # there a name is more often Python's
        for literal in list(self.document.findall(nodes.literal)):
            name = literal.astext().removeprefix("threadwise::")
            if name in names and not isinstance(literal.parent, (nodes.reference, addnodes.pending_xref, nodes.title)):
                link = addnodes.pending_xref(
                    "", refdomain="cpp", reftype="any", reftarget=f"threadwise::{name}", refdoc=self.env.docname, refexplicit=True
                )
                literal.replace_self(link)
                link += literal


def setup(app):
    app.add_config_value("threadwise_types", set(), "env")
    app.add_transform(SideBySide)
    app.add_transform(LinkedNames)
    return {"parallel_read_safe": True}
