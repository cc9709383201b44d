#include "platform/symbol.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace threadwise::platform {
namespace {

void in_a_nameless_namespace(int) {}

template <class Callable>
const void* address_of(Callable* function) {
    return reinterpret_cast<const void*>(function);
}

TEST(FunctionName, IsThatOfTheSource) {
    // "" with the portable backend
    EXPECT_THAT(function_name(address_of(in_a_nameless_namespace)), testing::AnyOf("in_a_nameless_namespace", ""));
}

TEST(FunctionName, IsEmptyForWhatIsNoFunction) {
    const int local = 0;
    EXPECT_EQ(function_name(&local), "");
    EXPECT_EQ(function_name(nullptr), "");
}

TEST(TypeName, IsThatOfTheSource) { EXPECT_EQ(type_name(typeid(std::runtime_error)), "std::runtime_error"); }

TEST(Demangled, LeavesOtherNamesAlone) { EXPECT_EQ(demangled("main"), "main"); }

TEST(Unqualified, LeavesTheNameAlone) {
    EXPECT_EQ(unqualified("main"), "main");
    EXPECT_EQ(unqualified("a::b::run(int, c::d)"), "run");
    EXPECT_EQ(unqualified("(anonymous namespace)::run(int)"), "run");
    EXPECT_EQ(unqualified("a<b::c(int)>::run(d) const"), "run");
    EXPECT_EQ(unqualified("std::vector<int> a::run<b::c>(d<e>)"), "run");
    EXPECT_EQ(unqualified(""), "");
}

}  // namespace
}  // namespace threadwise::platform
