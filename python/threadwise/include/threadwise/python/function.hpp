#pragma once

/// \file
/// C++ functions for Python, and for the pools that Python has made.

#include <Python.h>

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "attach.hpp"
#include "convert.hpp"

namespace threadwise::py {

namespace detail {

/// A callable of C++'s and what Python needs to know of it; belongs to a capsule.
template <class Function, class Result, class... Parameters>
class Exported : public NativeFunction {
public:
    Exported(std::string name, Function function)
        : NativeFunction{prepare_call},
          name_(std::move(name)),
          function_(std::move(function)),
          definition_{name_.c_str(), reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(call)), METH_FASTCALL,
                      nullptr} {}

    static PyObject* to_python(std::unique_ptr<Exported> exported) {
        NativeFunction* const native = exported.get();
        const Reference capsule(guarded<PyCapsule_New>(
            native, capsule_name, +[](PyObject* self) {
                delete static_cast<Exported*>(static_cast<NativeFunction*>(PyCapsule_GetPointer(self, capsule_name)));
            }));
        if (!capsule) return nullptr;
        return guarded<PyCMethod_New>(&exported.release()->definition_, capsule.get(), nullptr, nullptr);
    }

private:
    using Values = std::tuple<std::decay_t<Parameters>...>;
    using Value = std::conditional_t<std::is_void_v<Result>, Nothing, std::decay_t<Result>>;

    /// The arguments of a call that a pool is to make.
    struct Call : NativeCall {
        Call(const Exported& of, Values given)
            : NativeCall{run_call, destroy_call}, function(of), values(std::move(given)) {}

        static NativeOutcome run_call(NativeCall* call) noexcept {
            auto& self = *static_cast<Call*>(call);
            try {
                return {new Native<Value>(self.function.apply(self.values)), false};
            } catch (...) {
                return {new NativeError(std::current_exception(), self.function.name_), true};
            }
        }
        static void destroy_call(NativeCall* call) noexcept { delete static_cast<Call*>(call); }

        const Exported& function;
        Values values;
    };

    static NativeCall* prepare_call(NativeFunction* function, PyObject* const* arguments, Py_ssize_t count) {
        const auto& self = *static_cast<Exported*>(function);
        return self.raising(
            [&]() -> NativeCall* { return self.takes(count) ? new Call(self, convert(arguments)) : nullptr; });
    }

    /// Called by Python, not by a pool.
    static PyObject* call(PyObject* capsule, PyObject* const* arguments, Py_ssize_t count) {
        const auto& self =
            *static_cast<Exported*>(static_cast<NativeFunction*>(PyCapsule_GetPointer(capsule, capsule_name)));
        return self.raising([&]() -> PyObject* {
            if (!self.takes(count)) return nullptr;
            Values values = convert(arguments);
            const Value result = [&] {
                const Detached detached;
                return self.apply(values);
            }();
            return or_stay([&] { return Convert<Value>::to_python(result); });
        });
    }

    /// What it returns; null with an exception set for what it throws.
    template <class Step>
    std::invoke_result_t<Step> raising(Step step) const {
        try {
            return step();
        } catch (const abi::__forced_unwind&) {
            throw;
        } catch (...) {
            raise(std::current_exception(), name_);
            return nullptr;
        }
    }

    bool takes(Py_ssize_t count) const {
        if (count == sizeof...(Parameters)) return true;
        guarded<PyErr_Format>(PyExc_TypeError, "%s() takes %zu arguments (%zd given)", name_.c_str(),
                              sizeof...(Parameters), count);
        return false;
    }

    static Values convert([[maybe_unused]] PyObject* const* arguments) {
        return [&]<std::size_t... i>(std::index_sequence<i...>) {
            return Values{or_stay([&] { return Convert<std::decay_t<Parameters>>::from_python(arguments[i]); })...};
        }
        (std::index_sequence_for<Parameters...>());
    }

    Value apply(Values& values) const {
        return std::apply(
            [this](auto&... each) -> Value {
                if constexpr (std::is_void_v<Result>) {
                    function_(static_cast<Parameters&&>(each)...);
                    return {};
                } else {
                    return function_(static_cast<Parameters&&>(each)...);
                }
            },
            values);
    }

    std::string name_;
    Function function_;
    PyMethodDef definition_;
};

template <class Function, class Member>
struct ExportedAs;
template <class Function, class Result, class Class, class... Parameters>
struct ExportedAs<Function, Result (Class::*)(Parameters...) const> {
    using type = Exported<Function, Result, Parameters...>;
};

}  // namespace detail

/// A Python function, as a new reference, that calls a C++ one: a lambda, or anything with one const call operator,
/// whose parameters and result there is a Convert for: numbers, bools, strings, and the handles of this header.
///
/// It runs without the interpreter's lock. Submitted to a ThreadPoolExecutor of threadwise's, its arguments are
/// converted by submit(), and its result by whoever asks for it: the worker that makes the call does not take the
/// interpreter's lock at all, unless callbacks in Python wait for the future.
///
/// What it throws is raised: std::bad_alloc as MemoryError, out_of_range as IndexError, overflow_error as
/// OverflowError, the other errors of <stdexcept> about values as ValueError, everything else as RuntimeError. It may
/// not end its thread, by pthread_exit() or as it is cancelled: in a pool that ends the program.
///
/// Null with an exception set on failure. To be called with the interpreter's lock held.
template <class Function>
PyObject* export_function(std::string name, Function function) {
    using Exported = typename detail::ExportedAs<Function, decltype(&Function::operator())>::type;
    return Exported::to_python(std::make_unique<Exported>(std::move(name), std::move(function)));
}

}  // namespace threadwise::py
