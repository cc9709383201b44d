"""Writes the pages of the C++ reference, one for each public header, from doxygen's XML.

Usage: cpp_reference.py XML FOLDER, from the root of the tree.
"""

import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

from doxygen_text import Text, plain

INCLUDE = pathlib.Path("include")

# The groups of the reference, and the headers of each.
GROUPS = {
    "Threads": "threading thread thread_handle timer local sleep interrupt excepthook stack_size recycling",
    "Locks and signals": "lock rlock shared_lock hold condition semaphore event barrier latch once timeout",
    "Queues": "queue lifo_queue priority_queue simple_queue basic_queue queue_errors",
    "Pools and futures": "futures thread_pool_executor thread_pool_options pool_stats executor future wait as_completed "
    "task_group executor_errors",
    "Parallel algorithms": "parallel_for parallel_invoke parallel_reduce parallel_transform parallel_scan parallel_sort "
    "parallel_merge parallel_find",
    "Processes": "process_pool_executor process_pool_options multiprocessing/*",
    "Seeing threads": "dump inspect process_view trace recording deadlock_hook lock_order source_location",
    "Interpreters": "interpreter_lock interpreter_lock_options embed/*",
    "Errors and versions": "errors version export",
}


TYPES = ("class", "struct", "concept")


def grouped_headers():
    """For each group the paths of its headers, as they are included. Every public header must be in a group."""
    folder = INCLUDE / "threadwise"
    groups = {
        title: [path.relative_to(INCLUDE) for name in names.split() for path in sorted(folder.glob(f"{name}.hpp"))]
        for title, names in GROUPS.items()
    }
    listed = {path for paths in groups.values() for path in paths}
    public = {path.relative_to(INCLUDE) for path in folder.rglob("*.hpp")}
    missing = sorted(str(path) for path in public - listed if "detail" not in path.parts)
    if missing:
        sys.exit(f"cpp_reference: put {', '.join(missing)} into a group of docs/site/cpp_reference.py")
    return groups


def page_of(header):
    """The page of threadwise/lock.hpp is reference/lock."""
    return "reference/" + str(header.relative_to("threadwise").with_suffix(""))


class Reference:
    def __init__(self, xml):
        roots = [ElementTree.parse(path).getroot() for path in sorted(xml.glob("*.xml")) if path.name != "index.xml"]
        self.compounds = {c.get("id"): c for root in roots for c in root.findall("compounddef")}
        self.text = Text(self.targets())
        # What is declared in a namespace, by the header that declares it.
        self.declared = {}
        for compound in self.compounds.values():
            if compound.get("kind") in ("namespace", "file"):
                for member in compound.iter("memberdef"):
                    self.declared.setdefault(file_of(member), {})[member.get("id")] = member
        self.sources = {}

    def targets(self):
        targets = {}
        for identifier, compound in self.compounds.items():
            name = plain(compound.find("compoundname"))
            if compound.get("kind") == "file":
                targets[identifier] = ("doc", "/" + page_of(header_of(compound)))
            else:
                targets[identifier] = ("cpp:any", name)
            for member in compound.iter("memberdef"):
                targets[member.get("id")] = ("cpp:any", plain(member.find("qualifiedname")) or plain(member.find("name")))
        return targets

    def page(self, header):
        """The lines of a header's page: what it is for, its types, its functions."""
        file = next(c for c in self.compounds.values() if c.get("kind") == "file" and header_of(c) == header)
        types = [c for c in self.compounds.values() if c.get("kind") in TYPES and file_of(c) == file_of(file)]
        types = [c for c in types if plain(c.find("compoundname")).count("::") <= depth(c)]
        members = list(self.declared.get(file_of(file), {}).values())
        title = title_of(header, types, members)
        lines = [title, "=" * len(title), ""]
        lines += self.description(file)
        lines += [".. code-block:: cpp", "", f"   #include <{header}>", ""]
        for compound in sorted(types, key=line_of):
            lines += heading(short_name(compound), title) + self.type(compound)
        if types and any(not is_plain(member) for member in members):
            lines += heading("Functions and constants", title)
        lines += self.members(sorted(members, key=line_of), namespaced=True)
        return lines if types or members else lines + self.includes(file)

    def includes(self, file):
        """What a header that only gathers others includes."""
        headers = [self.compounds[i.get("refid")] for i in file.findall("includes") if i.get("refid") in self.compounds]
        if not headers:
            sys.exit(f"cpp_reference: {file_of(file)} declares nothing that doxygen shows")
        return ["It includes:", "", *(f"* :doc:`{'/' + page_of(header_of(header))}`" for header in headers), ""]

    def summary(self, header):
        """The first sentence about a header, for lists of them."""
        file = next(c for c in self.compounds.values() if c.get("kind") == "file" and header_of(c) == header)
        return " ".join(self.text.blocks(file.find("briefdescription"))).strip()

    def description(self, element):
        return self.text.blocks(element.find("briefdescription")) + self.text.blocks(element.find("detaileddescription"))

    def type(self, compound):
        name = plain(compound.find("compoundname"))
        if compound.get("kind") == "concept":
            definition = re.sub(r"^.*?concept \S+ = *", "", plain(compound.find("initializer")))
            lines = [f".. cpp:concept:: {template_of(compound)}{name}", ""]
            return lines + indented(self.description(compound) + [f"It is ``{definition}``", ""])
        bases = ", ".join(f"{b.get('prot')} {plain(b)}" for b in compound.findall("basecompoundref") if b.get("prot") == "public")
        kind = compound.get("kind")
        lines = [f".. cpp:{kind}:: {template_of(compound)}{name}{' : ' + bases if bases else ''}", ""]
        lines += indented(self.description(compound))
        members = [
            member
            for section in compound.findall("sectiondef")
            for member in section.findall("memberdef")
            if member.get("prot") in ("public", "protected") and member.get("kind") != "friend"
        ]
        lines += indented(self.members(sorted(members, key=line_of), namespaced=False))
        for inner in compound.findall("innerclass"):
            if inner.get("prot") == "public" and inner.get("refid") in self.compounds:
                lines += indented(self.type(self.compounds[inner.get("refid")]))
        return lines

    def members(self, members, namespaced):
        lines = []
        for group in self.groups([member for member in members if not is_plain(member)]):
            lines += [f".. {directive_of(group[0])}:: {signature(group[0], namespaced)}"]
            lines += [" " * 8 + signature(member, namespaced) for member in group[1:]] + [""]
            lines += indented(self.details(group[0]))
        return lines

    def details(self, member):
        lines = self.description(member)
        for value in member.findall("enumvalue"):
            initial = plain(value.find("initializer"))
            lines += [f".. cpp:enumerator:: {plain(value.find('name'))} {initial}".rstrip(), ""]
            lines += indented(self.description(value))
        requires = plain(member.find("requiresclause"))
        return lines + ([f"Requires ``{requires}``", ""] if requires else [])

    def groups(self, members):
        """Functions that follow a documented one without an empty line share its comment."""
        groups = []
        for member in members:
            previous = groups[-1][-1] if groups else None
            if previous is not None and self.belongs_to(member, previous) and signature(member, True) != signature(previous, True):
                groups[-1].append(member)
            else:
                groups.append([member])
        return groups

    def belongs_to(self, member, previous):
        text, text_before = (plain(m.find("briefdescription")) + plain(m.find("detaileddescription")) for m in (member, previous))
        kinds = {member.get("kind"), previous.get("kind")}
        if not (kinds == {"function"} and text in ("", text_before) or kinds == {"variable"} and text and text == text_before):
            return False
        between = self.source(member)[line_of(previous) : line_of(member) - 1]
        return line_of(previous) < line_of(member) and all(line.strip() for line in between)

    def source(self, member):
        path = file_of(member)
        if path not in self.sources:
            self.sources[path] = pathlib.Path(path).read_text().split("\n")
        return self.sources[path]


def file_of(element):
    return element.find("location").get("file")


def header_of(element):
    return pathlib.Path(file_of(element)).relative_to(INCLUDE)


def short_name(compound):
    return plain(compound.find("compoundname")).removeprefix("threadwise::")


def title_of(header, types, members):
    """The type or function that a header is named after, or its path."""
    path = str(header.relative_to("threadwise").with_suffix(""))
    for name in map(short_name, types):
        if re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower() == path.replace("/", "::"):
            return name
    named = any(plain(m.find("name")) == header.stem and m.get("kind") == "function" for m in members)
    return path.replace("/", "::") if named else f"{path}.hpp"


def heading(name, title):
    return [] if name == title else [name, "-" * len(name), ""]


def depth(compound):
    """How many namespaces a top-level type is in."""
    name = plain(compound.find("compoundname"))
    return 2 if re.match(r"threadwise::(multiprocessing|inspect|embed|runtime)::", name) else 1


def line_of(element):
    return int(element.find("location").get("line"))


def is_plain(member):
    """What every class has and nobody looks up: a default written out, a copy that is deleted, a destructor without a word."""
    if plain(member.find("briefdescription")):
        return False
    arguments, name = plain(member.find("argsstring")), plain(member.find("name"))
    return bool(re.search(r"=\s*(delete|default)$", arguments)) or name.startswith("~")


def directive_of(member):
    if member.get("kind") == "enum":
        return "cpp:enum-class" if member.get("strong") == "yes" else "cpp:enum"
    return {"function": "cpp:function", "variable": "cpp:var", "typedef": "cpp:type", "define": "c:macro"}[member.get("kind")]


def template_of(element):
    parameters = element.find("templateparamlist")
    if parameters is None:
        return ""
    texts = []
    for parameter in parameters.findall("param"):
        text = plain(parameter.find("type"))
        name = plain(parameter.find("declname"))
        default = plain(parameter.find("defval"))
        text = f"{text} {name}" if name and name not in text.split() else text
        texts.append(f"{text} = {default}" if default else text)
    return f"template<{', '.join(texts)}> "


def signature(member, namespaced):
    name = plain(member.find("qualifiedname")) if namespaced else plain(member.find("name"))
    kind, kind_of_type = member.get("kind"), plain(member.find("type"))
    kind_of_type = re.sub(r"\b(THREADWISE_API|friend)\b\s*", "", kind_of_type)
    if kind == "define":
        return plain(member.find("name"))
    if kind == "enum":
        return name
    if kind == "typedef":
        return f"{template_of(member)}{name} = {kind_of_type}"
    arguments = re.sub(r"\s*=\s*(default|delete|0)$", "", plain(member.find("argsstring")))
    initial = plain(member.find("initializer")) if kind == "variable" else ""
    explicit = "explicit " if member.get("explicit") == "yes" and "explicit" not in kind_of_type else ""
    static = "static " if member.get("static") == "yes" and not namespaced and "static" not in kind_of_type else ""
    return re.sub(r"\s+", " ", f"{template_of(member)}{static}{explicit}{kind_of_type} {name}{arguments} {initial}").strip()


def indented(lines):
    return ["   " + line if line else "" for line in lines]


def write(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def main():
    xml, folder = map(pathlib.Path, sys.argv[1:])
    reference = Reference(xml)
    groups = grouped_headers()
    index = ["C++ reference", "=============", "", "Every public header, by what it is for.", "", ".. toctree::", "   :maxdepth: 2", ""]
    for title, headers in groups.items():
        slug = title.lower().replace(" ", "-")
        index.append(f"   {slug}")
        group = [title, "=" * len(title), "", ".. list-table::", "   :widths: 1 2", ""]
        for header in headers:
            write(folder / (page_of(header) + ".rst"), reference.page(header))
            group += [f"   * - :doc:`/{page_of(header)}`", f"     - {reference.summary(header)}"]
        group += ["", ".. toctree::", "   :hidden:", "", *(f"   /{page_of(header)}" for header in headers)]
        write(folder / f"reference/{slug}.rst", group)
    write(folder / "reference/index.rst", index)


if __name__ == "__main__":
    main()
