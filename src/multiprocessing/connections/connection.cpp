#include "threadwise/multiprocessing/connection.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>

#include "multiprocessing/memory/os_error.hpp"
#include "platform/processes/child_process.hpp"
#include "platform/processes/socket.hpp"
#include "runtime/waiting/door.hpp"
#include "threading/synchronization/blocking_call.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::multiprocessing {
namespace {

/// What a message begins with.
using Length = std::uint64_t;

/// How much is received at once, at least.
constexpr std::size_t chunk = 64UL << 10U;

runtime::WaitSite site_of(const Connection& connection, runtime::WaitKind kind, SourceLocation where,
                          platform::Instant deadline = platform::never) {
    return {.kind = kind, .object = &connection, .across_processes = 1, .where = where, .deadline = deadline};
}

/// A wait that begins when it has to.
class LazyWait {
public:
    LazyWait(const runtime::WaitSite& site, std::stop_token stop) : site_(site), stop_(std::move(stop)) {}

    /// False: the deadline has passed, or stop was requested. Throws InterruptedError.
    bool sleep(const platform::AwaitedDescriptor& awaited) {
        if (!waiting_) {
            if (site_.deadline <= platform::now()) return false;
            waiting_.emplace(site_, stop_);
        }
        return threading::succeeded(waiting_->sleep_on(awaited), stop_);
    }

private:
    runtime::WaitSite site_;
    std::stop_token stop_;
    std::optional<runtime::Waiting> waiting_;
};

/// Of a process's descriptor; -1: of none.
bool has_ended(int process) noexcept { return process >= 0 && platform::can_receive(process); }

[[noreturn]] void throw_end() {
    throw EOFError("nothing is left to receive: the other end of the connection is closed, or its process has ended");
}

}  // namespace

Connection Connection::attach(int descriptor) {
    const int copy = platform::duplicate_descriptor(descriptor);
    if (copy < 0) throw_os_error(-copy, "can't attach to the connection of descriptor " + std::to_string(descriptor));
    return Connection(copy);
}

Connection Connection::adopt(int descriptor) noexcept { return Connection(descriptor); }

Connection::~Connection() { close(); }

Connection::Connection(Connection&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      process_(other.process_),
      received_(std::move(other.received_)) {}

Connection& Connection::operator=(Connection&& other) noexcept {
    if (this != &other) {
        close();
        descriptor_ = std::exchange(other.descriptor_, -1);
        process_ = other.process_;
        received_ = std::move(other.received_);
    }
    return *this;
}

void Connection::close() noexcept {
    if (descriptor_ >= 0) platform::close_descriptor(std::exchange(descriptor_, -1));
    received_.clear();
}

int Connection::expect_open() const {
    if (closed()) throw ValueError("this Connection is closed or was moved from");
    return descriptor_;
}

void Connection::send_bytes(std::span<const std::byte> bytes, SourceLocation where) {
    const int descriptor = expect_open();
    const Length length = bytes.size();
    std::string message(reinterpret_cast<const char*>(&length), sizeof(length));
    message.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    auto rest = std::as_bytes(std::span(message));
    LazyWait wait(site_of(*this, runtime::WaitKind::connection_send, where), {});
    try {
        while (!rest.empty()) {
            const platform::Transferred sent = platform::send_some(descriptor, rest);
            if (sent >= 0) {
                rest = rest.subspan(static_cast<std::size_t>(sent));
            } else if (sent == -EAGAIN) {
                wait.sleep({.descriptor = descriptor,
                            .ready = platform::AwaitedDescriptor::Ready::write,
                            .process = process_});
                if (has_ended(process_)) throw_os_error(EPIPE, "can't send: the process of the other end has ended");
            } else {
                throw_os_error(static_cast<int>(-sent),
                               "can't send: the other end is closed, or its process has ended");
            }
        }
    } catch (...) {
        // Half a message would be taken for the beginning of the next one.
        if (rest.size() < message.size()) close();
        throw;
    }
}

/// Moves the first message out of what has been received; false: it is not whole yet.
bool Connection::take_message(std::string& bytes) {
    Length length = 0;
    if (received_.size() < sizeof(length)) return false;
    std::memcpy(&length, received_.data(), sizeof(length));
    if (received_.size() - sizeof(length) < length) return false;
    bytes.assign(received_, sizeof(length), length);
    received_.erase(0, sizeof(length) + length);
    return true;
}

bool Connection::recv_bytes_within(std::string& bytes, Timeout timeout, SourceLocation where) {
    const int descriptor = expect_open();
    LazyWait wait(site_of(*this, runtime::WaitKind::connection_recv, where, runtime::deadline_after(timeout)), {});
    std::array<std::byte, chunk> room;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
    bool is_last_look = false;
    while (!take_message(bytes)) {
        const platform::Transferred count = platform::receive_some(descriptor, room);
        if (count > 0) {
            received_.append(reinterpret_cast<const char*>(room.data()), static_cast<std::size_t>(count));
        } else if (count == 0 || is_last_look) {
            throw_end();
        } else if (count != -EAGAIN) {
            throw_os_error(static_cast<int>(-count), "can't receive from the connection");
        } else {
            if (!wait.sleep({.descriptor = descriptor, .process = process_})) return false;
            // What it sent before its end is received first.
            is_last_look = has_ended(process_);
        }
    }
    return true;
}

std::string Connection::recv_bytes(SourceLocation where) {
    std::string bytes;
    recv_bytes_within(bytes, forever, where);
    return bytes;
}

bool Connection::poll(std::stop_token stop, Timeout timeout, SourceLocation where) {
    const int descriptor = expect_open();
    if (!received_.empty()) return true;
    LazyWait wait(site_of(*this, runtime::WaitKind::connection_recv, where, runtime::deadline_after(timeout)),
                  std::move(stop));
    while (!platform::can_receive(descriptor)) {
        if (!wait.sleep({.descriptor = descriptor})) return false;
    }
    return true;
}

std::pair<Connection, Connection> Pipe() {
    const platform::SocketPair ends = platform::make_socket_pair();
    if (ends.error != 0) throw_os_error(ends.error, "can't make a pipe");
    return {Connection::adopt(ends.first), Connection::adopt(ends.second)};
}

}  // namespace threadwise::multiprocessing
