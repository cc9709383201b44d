// Many Lua scripts share one Lua state, each on a thread of its own. Lua is not thread-safe, and neither is Python's
// interpreter: an InterpreterLock lets one thread in at a time. Scripts that compute gain nothing by threads then;
// those that wait do, because who waits does not hold the lock.

#include <lua.hpp>

#include <threadwise/threading.hpp>

#include <chrono>
#include <iomanip>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

class Interpreter {
public:
    Interpreter() : state_(luaL_newstate()) {
        *static_cast<Interpreter**>(lua_getextraspace(state_)) = this;  // each Lua thread inherits it
        luaL_openlibs(state_);
        lua_register(state_, "wait", wait);
    }
    ~Interpreter() { lua_close(state_); }
    Interpreter(const Interpreter&) = delete;
    Interpreter& operator=(const Interpreter&) = delete;

    /// Runs a script on the calling thread; returns the number that it returns.
    lua_Integer run(const std::string& script) {
        const threadwise::ScopedInterpreter hold(lock_);
        lua_State* const thread = lua_newthread(state_);
        const int anchor = luaL_ref(state_, LUA_REGISTRYINDEX);
        lua_sethook(thread, every_thousand_instructions, LUA_MASKCOUNT, 1000);
        const bool went_well = luaL_dostring(thread, script.c_str()) == LUA_OK;
        const lua_Integer result = lua_tointeger(thread, -1);
        const std::string error = went_well ? "" : lua_tostring(thread, -1);
        luaL_unref(state_, LUA_REGISTRYINDEX, anchor);
        if (!went_well) throw std::runtime_error(error);
        return result;
    }

private:
    static void every_thousand_instructions(lua_State* thread, lua_Debug*) {
        (*static_cast<Interpreter**>(lua_getextraspace(thread)))->lock_.checkpoint();
    }

    /// For scripts: wait(milliseconds). Nothing is said about the lock: threadwise releases it while a thread waits.
    static int wait(lua_State* thread) {
        threadwise::sleep_for(std::chrono::milliseconds(luaL_checkinteger(thread, 1)));
        return 0;
    }

    threadwise::InterpreterLock lock_;
    lua_State* state_;
};

const std::string compute = R"(
    local primes = 0
    for candidate = 2, 20000 do
        local prime = true
        for divisor = 2, math.floor(math.sqrt(candidate)) do
            if candidate % divisor == 0 then prime = false break end
        end
        if prime then primes = primes + 1 end
    end
    return primes
)";

const std::string serve = R"(
    answered = answered or 0  -- a global: all scripts see it, and the lock keeps it whole
    for request = 1, 10 do
        wait(5)
        answered = answered + 1
    end
    return answered
)";

double seconds_of(const auto& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

int main() {
    Interpreter lua;
    constexpr int scripts = 4;
    const auto one_after_another = [&](const std::string& script) {
        for (int i = 0; i < scripts; ++i) lua.run(script);
    };
    const auto on_threads = [&](const std::vector<std::string>& all) {
        std::vector<threadwise::Thread> threads;
        for (const std::string& script : all) {
            threads.emplace_back([&lua, script] { lua.run(script); });
            threads.back().start();
        }
        for (auto& thread : threads) thread.join();
    };

    std::cout << std::fixed << std::setprecision(2);
    std::cout << "computing, one after another: " << seconds_of([&] { one_after_another(compute); }) << " s\n";
    std::cout << "computing, on threads: " << seconds_of([&] {
        on_threads({compute, compute, compute, compute});
    }) << " s\n";
    std::cout << "waiting, one after another: " << seconds_of([&] { one_after_another(serve); }) << " s\n";
    std::cout << "waiting, on threads: " << seconds_of([&] { on_threads({serve, serve, serve, serve}); }) << " s\n";
    std::cout << "both, on threads: " << seconds_of([&] { on_threads({compute, compute, serve, serve}); }) << " s\n";
    std::cout << lua.run(compute) << " primes, " << lua.run("return answered") << " answers\n";
}
