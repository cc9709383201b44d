"""Turns doxygen's XML for a comment into reStructuredText."""

import re


def escape(text):
    return re.sub(r"([\\*`|_<>])", r"\\\1", re.sub(r"\s+", " ", text))


def plain(element):
    """All text in an element, without markup."""
    return re.sub(r"\s+", " ", "".join(element.itertext())).strip() if element is not None else ""


class Text:
    """Descriptions as lines of reStructuredText. `targets` says what doxygen's identifiers stand for: a role and a target."""

    def __init__(self, targets):
        self.targets = targets

    def blocks(self, element):
        """The lines of a description; each block is followed by an empty line."""
        lines = []
        for child in element if element is not None else ():
            lines += self.block(child)
        return lines

    def block(self, element):
        if element.tag == "para":
            return self.paragraph(element)
        if element.tag in ("itemizedlist", "orderedlist"):
            return self.list(element)
        if element.tag == "table":
            return self.table(element)
        if element.tag in ("verbatim", "programlisting"):
            return code(element)
        if element.tag.startswith("sect"):
            return self.blocks(element)
        if element.tag == "title":
            return [f"**{escape(plain(element))}**", ""]
        raise ValueError(f"a comment uses <{element.tag}>, for which docs/site/doxygen_text.py has no rule")

    def paragraph(self, element):
        """A paragraph may hold blocks, around which its text is split."""
        lines, inline = [], [self.inline_text(element.text)]

        def flush():
            text = "".join(inline).strip()
            inline.clear()
            lines.extend([text, ""] if text else [])

        for child in element:
            if child.tag in ("itemizedlist", "orderedlist", "table", "verbatim", "programlisting"):
                flush()
                lines.extend(self.block(child))
            else:
                inline.append(self.inline(child))
            inline.append(self.inline_text(child.tail))
        flush()
        return lines

    @staticmethod
    def inline_text(text):
        return escape(text) if text else ""

    def inline(self, element):
        text = plain(element)
        if not text:
            return ""
        if element.tag == "ref":
            return self.reference(element, text)
        if element.tag == "computeroutput":
            inner = element.find("ref")
            return self.reference(inner, text) if inner is not None and plain(inner) == text else f"\\ ``{text}``\\ "
        if element.tag == "bold":
            return f"\\ **{escape(text)}**\\ "
        if element.tag == "emphasis":
            return f"\\ *{escape(text)}*\\ "
        if element.tag == "ulink":
            return f"\\ `{escape(text)} <{element.get('url')}>`__\\ "
        return escape(text)

    def reference(self, element, text):
        role, target = self.targets.get(element.get("refid"), (None, None))
        return f"\\ :{role}:`{text} <{target}>`\\ " if role else f"\\ ``{text}``\\ "

    def list(self, element):
        mark = "#. " if element.tag == "orderedlist" else "* "
        lines = []
        for item in element.findall("listitem"):
            content = self.blocks(item)
            lines += [mark + content[0]] + [" " * len(mark) + line if line else "" for line in content[1:]]
        return lines + [""]

    def table(self, element):
        lines = [".. list-table::", "   :header-rows: 1", ""]
        for row in element.findall("row"):
            for number, entry in enumerate(row.findall("entry")):
                text = " ".join(filter(None, self.blocks(entry)))
                lines.append(f"   {'*' if number == 0 else ' '} - {text}")
        return lines + [""]


def code(element):
    if element.tag == "programlisting":
        for space in element.iter("sp"):
            space.text = " "
        text = "\n".join("".join(line.itertext()) for line in element.findall("codeline"))
    else:
        text = "".join(element.itertext())
    lines = text.strip("\n").split("\n")
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return [".. code-block:: cpp", "", *("   " + line[indent:] if line.strip() else "" for line in lines), ""]
