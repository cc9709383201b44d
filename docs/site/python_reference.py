"""Writes the pages of the Python reference, one for each module, from the package's type stubs.

Usage: python_reference.py FOLDER, from the root of the tree. Texts are the docstrings of the modules written in Python.
"""

import ast
import pathlib
import sys

PACKAGE = pathlib.Path("python/threadwise")
FUTURES = ("_base", "thread", "process", "interpreter")

# Each module: the stubs that describe it, and what it is.
MODULES = {
    "threadwise": (["__init__"], "Puts threadwise in the place of the standard modules, and tells where its C++ headers lie."),
    "threadwise.threading": (["threading"], "As the standard module `threading <https://docs.python.org/3/library/threading.html>`__."),
    "threadwise.queue": (["queue"], "As the standard module `queue <https://docs.python.org/3/library/queue.html>`__."),
    "threadwise.concurrent.futures": (
        [f"concurrent/futures/{name}" for name in FUTURES],
        "As the standard module `concurrent.futures <https://docs.python.org/3/library/concurrent.futures.html>`__.",
    ),
    "threadwise.inspect": (["inspect"], "What threads do that wait for each other for ever. Python has nothing of the kind."),
}


def is_public(name):
    return not name.startswith("_") or name == "__init__"


class Module:
    def __init__(self, stubs):
        self.body, self.texts = [], {}
        for stub in stubs:
            self.body += ast.parse((PACKAGE / f"{stub}.pyi").read_text()).body
            self.collect_texts(ast.parse((PACKAGE / f"{stub}.py").read_text()).body, "")

    def collect_texts(self, body, prefix):
        for node in body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                text = ast.get_docstring(node)
                if text:
                    self.texts[prefix + node.name] = text
            if isinstance(node, ast.ClassDef):
                self.collect_texts(node.body, f"{prefix}{node.name}.")

    def lines(self):
        return self.entries(flat(self.body), "")

    def entries(self, body, prefix):
        lines, seen = [], set()
        functions = [node for node in body if isinstance(node, ast.FunctionDef)]
        for node in body:
            if isinstance(node, ast.ClassDef) and is_public(node.name):
                bases = ", ".join(ast.unparse(base) for base in node.bases)
                initial = next((f for f in flat(node.body) if isinstance(f, ast.FunctionDef) and f.name == "__init__"), None)
                lines += [f".. py:class:: {node.name}{signature(initial, True) if initial else ''}", ""]
                lines += indented([f"Derived from ``{bases}``.", ""] if bases and "Generic" not in bases else [])
                lines += indented(self.text(prefix + node.name))
                lines += indented(self.entries(flat(node.body), f"{prefix}{node.name}."))
            elif isinstance(node, ast.FunctionDef) and is_public(node.name) and node.name != "__init__":
                if node.name in seen:
                    continue
                seen.add(node.name)
                lines += self.function(node, [f for f in functions if f.name == node.name], prefix)
            elif isinstance(node, ast.AnnAssign) and is_public(node.target.id):
                lines += [f".. py:{'attribute' if prefix else 'data'}:: {node.target.id}", f"   :type: {ast.unparse(node.annotation)}", ""]
        return lines

    def function(self, node, overloads, prefix):
        decorators = {ast.unparse(decorator) for decorator in node.decorator_list}
        if any(name == "property" or name.endswith(".setter") for name in decorators):
            return [f".. py:property:: {node.name}", f"   :type: {ast.unparse(node.returns)}", "", *indented(self.text(prefix + node.name))]
        directive = "method" if prefix else "function"
        lines = [f".. py:{directive}:: {node.name}{signature(overloads[0], bool(prefix))}"]
        lines += [" " * 8 + f"{node.name}{signature(other, bool(prefix))}" for other in overloads[1:]]
        lines += [f"   :{kind}:" for kind in ("classmethod", "staticmethod") if kind in decorators]
        return lines + ["", *indented(self.text(prefix + node.name))]

    def text(self, name):
        """A docstring; what stands between one or two backticks in it is code."""
        text = self.texts.get(name)
        return [*text.replace("``", "`").replace("`", "``").replace("*", "\\*").split("\n"), ""] if text else []


def flat(body):
    """The statements of a stub, those that depend on the version included."""
    nodes = []
    for node in body:
        nodes += flat(node.body) if isinstance(node, ast.If) else [node]
    return nodes


def signature(function, bound):
    arguments = function.args
    if bound and "staticmethod" not in map(ast.unparse, function.decorator_list):
        first = arguments.posonlyargs or arguments.args
        if first:
            first.pop(0)
    result = f" -> {ast.unparse(function.returns)}" if function.returns and function.name != "__init__" else ""
    return f"({ast.unparse(arguments)}){result}"


def indented(lines):
    return ["   " + line if line else "" for line in lines]


def main():
    folder = pathlib.Path(sys.argv[1]) / "python-reference"
    folder.mkdir(parents=True, exist_ok=True)
    index = ["Python reference", "================", "", "The modules of the package, from its type stubs.", "", ".. toctree::", ""]
    for name, (stubs, text) in MODULES.items():
        lines = [name, "=" * len(name), "", text, "", f".. py:module:: {name}", "", *Module(stubs).lines()]
        (folder / f"{name}.rst").write_text("\n".join(lines) + "\n")
        index.append(f"   {name}")
    (folder / "index.rst").write_text("\n".join(index) + "\n")


if __name__ == "__main__":
    main()
