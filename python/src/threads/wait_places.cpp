// Where a thread of Python's waits: the file, line and function of its program.
//
// The place is looked for when the thread is about to sleep, and so without the interpreter's lock: a wait that does
// not sleep pays nothing. This is safe as the thread looks at its own frames only, which nobody changes while it is in
// a call of this module: they hold the code objects, and these their names, which never change. No reference is
// counted.

#include <Python.h>

#include <frameobject.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include "base/finalization.hpp"
#include "base/reference.hpp"
#include "base/waiting.hpp"
#include "module/state.hpp"
#include "threadwise/embed/wait_places.hpp"

#if PY_VERSION_HEX >= 0x030B0000 && PY_VERSION_HEX < 0x030E0000
// The interpreter's frames have no interface that works without its lock.
#ifndef Py_BUILD_CORE
#define Py_BUILD_CORE  // NOLINT(readability-identifier-naming): the interpreter's name
#endif
#include <internal/pycore_frame.h>
#endif

namespace threadwise::python {

// Later interpreters keep their frames in other ways: there the places are those of this module's calls.
#if PY_VERSION_HEX >= 0x030E0000

int add_wait_places(PyObject*) { return 0; }

#else
namespace {

#if PY_VERSION_HEX < 0x030B0000

using Frame = PyFrameObject;
Frame* newest_frame(PyThreadState* state) noexcept { return state->frame; }
Frame* older_frame(Frame* frame) noexcept { return frame->f_back; }
PyCodeObject* code_of(Frame* frame) noexcept { return frame->f_code; }
int offset_in(Frame* frame) noexcept { return frame->f_lasti; }

#else

using Frame = _PyInterpreterFrame;
Frame* complete(Frame* frame) noexcept {
    while (frame != nullptr && _PyFrame_IsIncomplete(frame)) frame = frame->previous;
    return frame;
}
Frame* older_frame(Frame* frame) noexcept { return complete(frame->previous); }
int offset_in(Frame* frame) noexcept { return _PyInterpreterFrame_LASTI(frame); }
#if PY_VERSION_HEX < 0x030D0000
Frame* newest_frame(PyThreadState* state) noexcept { return complete(state->cframe->current_frame); }
PyCodeObject* code_of(Frame* frame) noexcept { return frame->f_code; }
#else
Frame* newest_frame(PyThreadState* state) noexcept { return complete(state->current_frame); }
PyCodeObject* code_of(Frame* frame) noexcept { return _PyFrame_GetCode(frame); }
#endif

#endif

std::size_t utf8_size(Py_UCS4 c) noexcept { return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4; }

char* write_utf8(Py_UCS4 c, char* to) noexcept {
    const std::size_t size = utf8_size(c);
    if (size == 1) {
        *to = static_cast<char>(c);
        return to + 1;
    }
    for (std::size_t i = size - 1; i > 0; --i, c >>= 6U) to[i] = static_cast<char>(0x80U | (c & 0x3FU));
    constexpr unsigned first_bits[] = {0, 0, 0xC0U, 0xE0U, 0xF0U};
    *to = static_cast<char>(first_bits[size] | c);
    return to + size;
}

/// Copies the characters from `begin` on that fit, and a zero.
template <std::size_t size>
void copy_from(PyObject* text, Py_ssize_t begin, std::array<char, size>& copy) noexcept {
    char* to = copy.data();
    std::size_t room = size - 1;
    for (Py_ssize_t i = begin; i < PyUnicode_GET_LENGTH(text); ++i) {
        const Py_UCS4 c = PyUnicode_READ_CHAR(text, i);
        if (utf8_size(c) > room) break;
        room -= utf8_size(c);
        to = write_utf8(c, to);
    }
    *to = '\0';
}

/// Where the end of the text begins that has so many bytes at most.
Py_ssize_t begin_of_end(PyObject* text, std::size_t room) noexcept {
    Py_ssize_t begin = PyUnicode_GET_LENGTH(text);
    while (begin > 0) {
        const std::size_t size = utf8_size(PyUnicode_READ_CHAR(text, begin - 1));
        if (size > room) break;
        room -= size;
        --begin;
    }
    return begin;
}

/// Whose frames are not the program's. Never destroyed: threads may sleep while the process ends.
struct OwnFiles {
    std::u32string package;   ///< the folder of this package, and a slash
    std::u32string standard;  ///< the folder of the standard library, and a slash
};

constinit const OwnFiles* own_files = nullptr;  // written before the finder is set

bool has_at(PyObject* text, Py_ssize_t begin, std::u32string_view part) noexcept {
    if (PyUnicode_GET_LENGTH(text) - begin < static_cast<Py_ssize_t>(part.size())) return false;
    return std::all_of(part.begin(), part.end(), [&, at = begin](char32_t c) mutable {
        return PyUnicode_READ_CHAR(text, at++) == static_cast<Py_UCS4>(c);
    });
}

bool is_own_file(PyObject* file) noexcept {
    if (has_at(file, 0, own_files->package)) return true;
    if (!has_at(file, 0, own_files->standard)) return false;
    constexpr std::u32string_view modules[] = {U"threading.py", U"queue.py", U"concurrent/futures/"};
    const auto begin = static_cast<Py_ssize_t>(own_files->standard.size());
    return std::any_of(std::begin(modules), std::end(modules),
                       [&](std::u32string_view module) { return has_at(file, begin, module); });
}

bool find_place(embed::WaitPlace& place) noexcept {
    PyThreadState* const state = detached_state();
    // As the interpreter ends, it frees the states of threads that still wait.
    if (state == nullptr || is_finalizing()) return false;
    Frame* frame = newest_frame(state);
    while (frame != nullptr && is_own_file(code_of(frame)->co_filename)) frame = older_frame(frame);
    if (frame == nullptr) return true;  // no place: no line of the program's has called the wait
    PyCodeObject* const code = code_of(frame);
    const int line = PyCode_Addr2Line(code, offset_in(frame) * static_cast<int>(sizeof(_Py_CODEUNIT)));
    place.line = static_cast<std::uint32_t>(std::max(line, 0));
    copy_from(code->co_filename, begin_of_end(code->co_filename, place.file.size() - 1), place.file);
    copy_from(code->co_name, 0, place.function);
    return true;
}

/// The folder of a module's file, and a slash; false with an exception set.
bool read_folder(PyObject* module, std::u32string& folder) {
    const Ref file = Ref::steal(PyObject_GetAttrString(module, "__file__"));
    if (!file) return false;
    if (PyUnicode_Check(file.get()) == 0) {
        PyErr_SetString(PyExc_TypeError, "__file__ must be a string");
        return false;
    }
    for (Py_ssize_t i = 0; i < PyUnicode_GET_LENGTH(file.get()); ++i) folder += PyUnicode_READ_CHAR(file.get(), i);
    folder.erase(folder.rfind(U'/') + 1);
    return true;
}

}  // namespace

int add_wait_places(PyObject* module) {
    if (PyInterpreterState_Get() != PyInterpreterState_Main() || own_files != nullptr) return 0;
    const Ref standard = Ref::steal(PyImport_ImportModule("os"));
    if (!standard) return -1;
    auto files = std::make_unique<OwnFiles>();
    if (!read_folder(module, files->package) || !read_folder(standard.get(), files->standard)) {
        PyErr_Clear();  // an interpreter without files
        return 0;
    }
    own_files = files.release();
    embed::set_wait_place_finder(find_place);
    return 0;
}

#endif
}  // namespace threadwise::python
