"""What functions of classes that are C++ say of themselves, as those do that are Python: see function.hpp."""

from inspect import Parameter, Signature, signature

PASSED = {Parameter.VAR_POSITIONAL: "*{0}", Parameter.KEYWORD_ONLY: "{0}={0}", Parameter.VAR_KEYWORD: "**{0}"}


def twin(method):
    """A function that is Python with the signature of this method that is C++, which it calls."""
    self, *others = signature(method).parameters.values()
    if not any(each.kind is Parameter.POSITIONAL_ONLY for each in others):
        self = self.replace(kind=Parameter.POSITIONAL_OR_KEYWORD)  # as that of a function that is Python
    parameters = str(Signature([self, *others]))[1:-1]
    passed = ", ".join(PASSED.get(each.kind, "{0}").format(each.name) for each in (self, *others))
    variables = {"__name__": method.__objclass__.__module__, "_method": method}
    made = eval(f"lambda {parameters}: _method({passed})", variables)
    made.__name__, made.__qualname__, made.__doc__ = method.__name__, method.__qualname__, method.__doc__
    return made
