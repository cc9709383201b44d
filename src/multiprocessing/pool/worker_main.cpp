#include "multiprocessing/pool/worker_main.hpp"

#include <cstdlib>
#include <cstring>
#include <exception>

#include "multiprocessing/pool/carried_error.hpp"
#include "platform/processes/process.hpp"
#include "threadwise/detail/multiprocessing/processes/packed_call.hpp"
#include "threadwise/detail/runtime/failure.hpp"
#include "threadwise/multiprocessing/connection.hpp"
#include "threadwise/multiprocessing/shared.hpp"

namespace threadwise::multiprocessing {
namespace {

template <class Value>
Value take(std::span<const std::byte>& bytes) {
    Value value{};
    if (bytes.size() < sizeof(value)) detail::refuse_short_message();
    std::memcpy(&value, bytes.data(), sizeof(value));
    bytes = bytes.subspan(sizeof(value));
    return value;
}

/// The answer to one call.
std::string answer_to(std::span<const std::byte> message) {
    std::string answer(1, static_cast<char>(Answer::returned));
    threadwise::detail::call_user_code(
        [&] {
            const auto address = take<detail::CodeAddress>(message);
            const auto run = reinterpret_cast<detail::RunPacked>(const_cast<void*>(detail::find_code(address)));
            run(message, answer);
        },
        [&](const std::exception_ptr& failure) {
            answer.assign(1, static_cast<char>(Answer::threw));
            answer += pack_error(failure);
        });
    return answer;
}

}  // namespace

void run_worker(std::span<const std::byte> bytes, std::string& /*result*/) {
    const auto descriptors = take<WorkerDescriptors>(bytes);
    Connection connection = Connection::attach(descriptors.connection);
    const auto board = Shared<WorkerBoard>::attach(descriptors.board);
    const std::uint64_t worker = platform::this_process();
    try {
        for (;;) {
            const std::string message = connection.recv_bytes();
            // release: nothing of the call comes before it. The pool looks once this process has ended.
            board->begun.fetch_add(1, std::memory_order_release);
            const std::string answer = answer_to(std::as_bytes(std::span(message)));
            // A process that the call has forked must neither answer it, too, nor take the next one.
            if (platform::this_process() != worker) std::_Exit(EXIT_SUCCESS);
            connection.send_bytes(std::as_bytes(std::span(answer)));
        }
    } catch (const EOFError&) {  // NOLINT(bugprone-empty-catch): the pool wants no more of it
    }
}

}  // namespace threadwise::multiprocessing
