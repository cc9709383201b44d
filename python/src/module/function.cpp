// The type of the functions that stand for the methods of our classes, so that tools which tell functions from method
// descriptors see functions (function.hpp).

#include "module/function.hpp"

#include "base/field.hpp"
#include "base/method.hpp"
#include "base/object.hpp"
#include "base/reference.hpp"
#include "module/state.hpp"

namespace threadwise::python {
namespace {

struct FunctionObject {
    PyObject_HEAD vectorcallfunc call;
    PyMethodDescrObject* method;  ///< the method descriptor that PyType_Ready() made, which this stands for
    PyObject* twin;  ///< a Python function of the same signature, from _functions.twin(); null: not asked for
    PyObject* dictionary;
    PyObject* weak_references;
};

PyObject* method_of(PyObject* self) noexcept { return reinterpret_cast<PyObject*>(as<FunctionObject>(self).method); }

/// Whether `object`, the first argument, is of the method's type.
bool is_for(const FunctionObject& function, PyObject* object) noexcept {
    return PyObject_TypeCheck(object, function.method->d_common.d_type) != 0;
}

/// Calls the method descriptor, which also refuses wrong arguments.
PyObject* call_method(const FunctionObject& function, PyObject* const* args, std::size_t count, PyObject* names) {
    return function.method->vectorcall(reinterpret_cast<PyObject*>(function.method), args, count, names);
}

/// Calls a C function of that type as `invoke(function, args, count, names)`, unless `fits(count, names)` is false.
/// That is faster than call_method().
template <class Function, auto Fits, auto Invoke>
PyObject* call(PyObject* self, PyObject* const* args, std::size_t flagged_count, PyObject* names) {
    const auto& function = as<FunctionObject>(self);
    const Py_ssize_t count = PyVectorcall_NARGS(flagged_count);
    if (!Fits(count, names) || !is_for(function, args[0])) return call_method(function, args, flagged_count, names);
    const auto target = reinterpret_cast<Function>(reinterpret_cast<void (*)()>(function.method->d_method->ml_meth));
    return Invoke(target, args, count, names);
}

template <Py_ssize_t Wanted>
constexpr auto exactly = [](Py_ssize_t count, PyObject* names) { return count == Wanted && names == nullptr; };
constexpr auto positional = [](Py_ssize_t count, PyObject* names) { return count > 0 && names == nullptr; };
constexpr auto any = [](Py_ssize_t count, PyObject*) { return count > 0; };

constexpr auto without = [](NoArguments target, PyObject* const* args, Py_ssize_t, PyObject*) {
    return target(args[0], nullptr);
};
constexpr auto with_one = [](PyCFunction target, PyObject* const* args, Py_ssize_t, PyObject*) {
    return target(args[0], args[1]);
};
constexpr auto with_some = [](Fast target, PyObject* const* args, Py_ssize_t count, PyObject*) {
    return target(args[0], args + 1, count - 1);
};
constexpr auto with_names = [](FastKeywords target, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    return target(args[0], args + 1, count - 1, names);
};
constexpr auto by_method = [](PyObject* self, PyObject* const* args, std::size_t count, PyObject* names) {
    return call_method(as<FunctionObject>(self), args, count, names);
};

vectorcallfunc call_for(const PyMethodDef& definition) noexcept {
    switch (definition.ml_flags) {
        case METH_NOARGS: return call<NoArguments, exactly<1>, without>;
        case METH_O: return call<PyCFunction, exactly<2>, with_one>;
        case METH_FASTCALL: return call<Fast, positional, with_some>;
        case METH_FASTCALL | METH_KEYWORDS: return call<FastKeywords, any, with_names>;
        default: return by_method;
    }
}

PyObject* bind(PyObject* self, PyObject* object, PyObject*) {
    return object == nullptr ? Py_NewRef(self) : PyMethod_New(self, object);
}

/// An attribute that the method has too: the method's.
PyObject* get_from_method(PyObject* self, void* name) {
    return PyObject_GetAttrString(method_of(self), static_cast<const char*>(name));
}

/// An attribute that only Python functions have: the twin's.
PyObject* get_from_twin(PyObject* self, void* name) {
    const Ref twin = read_or_make_field(self, as<FunctionObject>(self).twin, [self] {
        const Ref module = Ref::steal(PyImport_ImportModule("threadwise._functions"));
        return Ref::steal(module ? PyObject_CallMethod(module.get(), "twin", "O", method_of(self)) : nullptr);
    });
    return twin ? PyObject_GetAttrString(twin.get(), static_cast<const char*>(name)) : nullptr;
}

/// For isinstance(self, types.FunctionType), by which tools find the methods of a class.
PyObject* get_class(PyObject*, void*) { return Py_NewRef(reinterpret_cast<PyObject*>(&PyFunction_Type)); }

/// `__module__` is not among the properties: the type's own attribute of that name hides one.
PyObject* get_attribute(PyObject* self, PyObject* name) {
    if (!PyUnicode_Check(name) || PyUnicode_CompareWithASCIIString(name, "__module__") != 0) {
        return PyObject_GenericGetAttr(self, name);
    }
    const Ref type = Ref::steal(get_from_method(self, const_cast<char*>("__objclass__")));
    return type ? PyObject_GetAttr(type.get(), name) : nullptr;
}

PyObject* represent(PyObject* self) {
    const Ref name = Ref::steal(get_from_method(self, const_cast<char*>("__qualname__")));
    return name ? PyUnicode_FromFormat("<function %U at %p>", name.get(), self) : nullptr;
}

int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(method_of(self));
    Py_VISIT(as<FunctionObject>(self).twin);
    Py_VISIT(as<FunctionObject>(self).dictionary);
    return 0;
}

int clear(PyObject* self) {
    Py_CLEAR(as<FunctionObject>(self).method);
    Py_CLEAR(as<FunctionObject>(self).twin);
    Py_CLEAR(as<FunctionObject>(self).dictionary);
    return 0;
}

void destroy(PyObject* self) {
    PyObject_GC_UnTrack(self);
    PyTypeObject* const type = Py_TYPE(self);
    if (as<FunctionObject>(self).weak_references != nullptr) PyObject_ClearWeakRefs(self);
    clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

PyGetSetDef shared(const char* name) { return {name, get_from_method, nullptr, nullptr, const_cast<char*>(name)}; }
PyGetSetDef of_twin(const char* name) { return {name, get_from_twin, nullptr, nullptr, const_cast<char*>(name)}; }

PyGetSetDef properties[] = {
    {"__class__", get_class, nullptr, nullptr, nullptr},
    shared("__name__"),
    shared("__qualname__"),
    shared("__doc__"),
    shared("__reduce__"),  // for pickle: getattr() of the class
    of_twin("__code__"),
    of_twin("__defaults__"),
    of_twin("__kwdefaults__"),
    of_twin("__annotations__"),
    of_twin("__globals__"),
    of_twin("__closure__"),
    dictionary_property(),
    {},
};

PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(FunctionObject, call), READONLY, nullptr},
    weak_references_member<FunctionObject>(),
    dictionary_member<FunctionObject>(),
    end_of_members(),
};

PyType_Slot slots[] = {
    slot(Py_tp_dealloc, destroy), slot(Py_tp_traverse, traverse),
    slot(Py_tp_clear, clear),     slot(Py_tp_call, PyVectorcall_Call),
    slot(Py_tp_descr_get, bind),  slot(Py_tp_getattro, get_attribute),
    slot(Py_tp_repr, represent),  slot(Py_tp_getset, properties),
    slot(Py_tp_members, members), {0, nullptr},
};

// METHOD_DESCRIPTOR: object.method() calls it with the object in front, and makes no bound method.
// IMMUTABLETYPE: the interpreter remembers where it found the attribute only if it is of a type that stays as it is.
PyType_Spec spec = {
    .name = "threadwise._threadwise.function",
    .basicsize = sizeof(FunctionObject),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR |
             Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

/// Exempts the function from reference counting in free-threaded builds, where every call by every thread would change
/// the same count. The interpreter does the same with its own methods.
void leave_uncounted(PyObject* function) noexcept {
#if defined(Py_GIL_DISABLED) && PY_VERSION_HEX >= 0x030E0000
    PyUnstable_Object_EnableDeferredRefcount(function);
#elif defined(Py_GIL_DISABLED)
    function->ob_ref_local = _Py_IMMORTAL_REFCNT_LOCAL;
#else
    static_cast<void>(function);
#endif
}

Ref make_function(PyTypeObject* function_type, PyObject* method) {
    auto* const self = reinterpret_cast<FunctionObject*>(function_type->tp_alloc(function_type, 0));
    if (self == nullptr) return {};
    self->method = reinterpret_cast<PyMethodDescrObject*>(Py_NewRef(method));
    self->call = call_for(*self->method->d_method);
    auto* const object = reinterpret_cast<PyObject*>(self);
    leave_uncounted(object);
    return Ref::steal(object);
}

}  // namespace

int turn_methods_into_functions(PyTypeObject* type, PyTypeObject* function_type) noexcept {
    const Ref contents = Ref::steal(PyDict_Copy(type->tp_dict));
    if (!contents) return -1;
    Py_ssize_t position = 0;
    PyObject* name = nullptr;
    PyObject* value = nullptr;
    while (PyDict_Next(contents.get(), &position, &name, &value) != 0) {
        if (!Py_IS_TYPE(value, &PyMethodDescr_Type)) continue;
        const Ref function = make_function(function_type, value);
        if (!function || PyObject_SetAttr(reinterpret_cast<PyObject*>(type), name, function.get()) < 0) return -1;
    }
    return 0;
}

int add_function(PyObject* module) { return add_type(module, spec, state_of_module(module).function_type); }

}  // namespace threadwise::python
