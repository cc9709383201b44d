#pragma once
// A callable that is lent for the length of a call: what keeps the door's functions out of headers.

#include <memory>
#include <type_traits>
#include <utility>

namespace threadwise::runtime {

template <class Signature>
class FunctionRef;

/// Two pointers, no allocation. The callable must outlive the call it is passed to.
template <class Result, class... Arguments>
class FunctionRef<Result(Arguments...)> {
public:
    template <class Callable>
        requires(!std::is_same_v<std::remove_cvref_t<Callable>, FunctionRef> &&
                 std::is_invocable_r_v<Result, Callable&, Arguments...>)
    // NOLINTNEXTLINE(google-explicit-constructor): it is what it is for
    FunctionRef(Callable&& callable)
    noexcept
        : callable_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
          call_([](void* target, Arguments... arguments) -> Result {
              return (*static_cast<std::remove_reference_t<Callable>*>(target))(std::forward<Arguments>(arguments)...);
          }) {}

    Result operator()(Arguments... arguments) const { return call_(callable_, std::forward<Arguments>(arguments)...); }

private:
    void* callable_;
    Result (*call_)(void*, Arguments...);
};

}  // namespace threadwise::runtime
