#include "base/arguments.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "base/exceptions.hpp"

namespace threadwise::python {
namespace {

using std::chrono::nanoseconds;

bool refuse(PyObject* type, const char* complaint) {
    PyErr_SetString(type, complaint);
    return false;
}

constexpr bool is_3_12 = PY_VERSION_HEX >= 0x030C0000;
constexpr bool is_3_13 = PY_VERSION_HEX >= 0x030D0000;
constexpr bool is_3_14 = PY_VERSION_HEX >= 0x030E0000 && PY_VERSION_HEX < 0x030F0000;

constexpr const char* too_large =
    is_3_13 ? "timestamp too large to convert to C PyTime_t" : "timestamp too large to convert to C _PyTime_t";

bool float_to_duration(double seconds, Timeout& duration) {
    if (std::isnan(seconds)) return refuse(PyExc_ValueError, "Invalid value NaN (not a number)");
    // 2^63: the first number of nanoseconds that does not fit.
    constexpr double limit = 9223372036854775808.0;
    const double rounded = std::ceil(seconds * 1e9);
    if (rounded >= limit || rounded < -limit)
        return refuse(PyExc_OverflowError, is_3_12 ? "timestamp out of range for platform time_t" : too_large);
    duration = nanoseconds(static_cast<nanoseconds::rep>(rounded));
    return true;
}

bool int_to_duration(PyObject* seconds, Timeout& duration) {
    constexpr long long limit = nanoseconds::max().count() / 1'000'000'000;
    int overflow = 0;
    const long long value = PyLong_AsLongLongAndOverflow(seconds, &overflow);
    if (value == -1 && PyErr_Occurred() != nullptr) return false;
    if (overflow != 0 || value > limit || value < -limit) {
        return refuse(PyExc_OverflowError, too_large);
    }
    duration = std::chrono::seconds(value);
    return true;
}

/// As a fraction or a number of numpy's; and what is no number at all, which Python 3.15 takes for a wrong float.
bool is_like_float(PyObject* seconds) {
    if (PyIndex_Check(seconds)) return false;
    const PyNumberMethods* const number = Py_TYPE(seconds)->tp_as_number;
    return PY_VERSION_HEX >= 0x030F0000 || (number != nullptr && number->nb_float != nullptr);
}

bool number_to_duration(PyObject* seconds, Timeout& duration) {
    const double value = PyFloat_AsDouble(seconds);
    return (value != -1 || PyErr_Occurred() == nullptr) && float_to_duration(value, duration);
}

/// After to_duration() has failed: whether that was because the number is below all durations. The standard modules
/// take it for zero before they convert it. Clears the error then.
bool is_too_far_below_zero(PyObject* seconds) {
    if (PyErr_ExceptionMatches(PyExc_OverflowError) == 0) return false;
    Ref error = take_raised();
    const Ref zero = Ref::steal(PyLong_FromLong(0));
    if (zero.get() != nullptr && PyObject_RichCompareBool(seconds, zero.get(), Py_LT) == 1) return true;
    PyErr_Clear();  // what the comparison may have raised
    restore_raised(std::move(error));
    return false;
}

/// Where a keyword's argument belongs; names.size() if nowhere.
std::size_t place_of(PyObject* keyword, std::span<const char* const> names) {
    const auto found = std::ranges::find_if(
        names, [keyword](const char* name) { return PyUnicode_CompareWithASCIIString(keyword, name) == 0; });
    return static_cast<std::size_t>(found - names.begin());
}

}  // namespace

bool parse_arguments(const char* function, std::span<const char* const> names, std::span<PyObject*> places,
                     PyObject* const* args, Py_ssize_t count, PyObject* keyword_names, std::size_t required) {
    const auto given = static_cast<std::size_t>(PyVectorcall_NARGS(static_cast<std::size_t>(count)));
    if (given > names.size()) {
        PyErr_Format(PyExc_TypeError, "%s() takes at most %zu argument%s (%zu given)", function, names.size(),
                     names.size() == 1 ? "" : "s", given);
        return false;
    }
    std::copy_n(args, given, places.begin());
    const Py_ssize_t keywords = keyword_names == nullptr ? 0 : PyTuple_GET_SIZE(keyword_names);
    for (Py_ssize_t i = 0; i < keywords; ++i) {
        PyObject* const keyword = PyTuple_GET_ITEM(keyword_names, i);
        const std::size_t place = place_of(keyword, names);
        if (place == names.size()) {
            PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'", function, keyword);
            return false;
        }
        if (places[place] != nullptr) {
            PyErr_Format(PyExc_TypeError, "argument for %s() given by name ('%U') and position (%zu)", function,
                         keyword, place + 1);
            return false;
        }
        places[place] = args[given + static_cast<std::size_t>(i)];
    }
    for (std::size_t i = 0; i < required; ++i) {
        if (places[i] != nullptr) continue;
        PyErr_Format(PyExc_TypeError, "%s() missing required argument '%s' (pos %zu)", function, names[i], i + 1);
        return false;
    }
    return true;
}

bool to_duration(PyObject* seconds, Timeout& duration) {
    if (PyFloat_Check(seconds)) return float_to_duration(PyFloat_AS_DOUBLE(seconds), duration);
    if (is_3_14 && PyNumber_Check(seconds) == 0) {
        PyErr_Format(PyExc_TypeError, "'%s' object cannot be interpreted as an integer or float",
                     Py_TYPE(seconds)->tp_name);
        return false;
    }
    return is_like_float(seconds) ? number_to_duration(seconds, duration) : int_to_duration(seconds, duration);
}

bool to_timeout(PyObject* seconds_or_none, Timeout& timeout) {
    timeout = forever;
    if (seconds_or_none == nullptr || seconds_or_none == Py_None) return true;
    if (!to_duration(seconds_or_none, timeout)) {
        if (!is_too_far_below_zero(seconds_or_none)) return false;
        timeout = nanoseconds(0);
    }
    if (timeout.is_negative()) timeout = nanoseconds(0);
    return true;
}

bool parse_acquire(Acquisition& how, PyObject* const* args, Py_ssize_t count, PyObject* keyword_names) {
    Arguments<2> given("acquire", {"blocking", "timeout"});
    if (!given.parse(args, count, keyword_names)) return false;
    if (given[0] != nullptr) {
        const int blocking = PyObject_IsTrue(given[0]);
        if (blocking < 0) return false;
        how.blocking = blocking != 0;
    }
    if (given[1] == nullptr) return true;
    if (!to_duration(given[1], how.timeout)) return false;
    const bool is_default = how.timeout.duration() == std::chrono::seconds(-1);
    if (!how.blocking && !is_default) {
        return refuse(PyExc_ValueError, "can't specify a timeout for a non-blocking call");
    }
    if (how.timeout.is_negative() && !is_default) {
        return refuse(PyExc_ValueError,
                      is_3_13 ? "timeout value must be a non-negative number" : "timeout value must be positive");
    }
    if (is_default) how.timeout = forever;
    return true;
}

}  // namespace threadwise::python
