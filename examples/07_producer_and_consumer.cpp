// One thread makes things, another uses them; the one waits while there is no room, the other while there is nothing.

#include <threadwise/threading.hpp>

#include <deque>
#include <functional>
#include <iostream>
#include <mutex>
#include <optional>

class Orders {
public:
    void put(int order) {
        const std::scoped_lock hold(changed_);
        changed_.wait_for([this] { return orders_.size() < room; });
        orders_.push_back(order);
        changed_.notify_all();
    }

    void close() {
        const std::scoped_lock hold(changed_);
        closed_ = true;
        changed_.notify_all();
    }

    // Nothing when no more will come.
    std::optional<int> get() {
        const std::scoped_lock hold(changed_);
        changed_.wait_for([this] { return closed_ || !orders_.empty(); });
        if (orders_.empty()) return std::nullopt;
        const int order = orders_.front();
        orders_.pop_front();
        changed_.notify_all();
        return order;
    }

private:
    static constexpr std::size_t room = 2;

    threadwise::Condition changed_;
    std::deque<int> orders_;
    bool closed_ = false;
};

void produce(Orders& orders) {
    for (int order = 1; order <= 5; ++order) orders.put(order);
    orders.close();
}

void consume(Orders& orders) {
    int sum = 0;
    while (const auto order = orders.get()) {
        std::cout << "got order " << *order << '\n';
        sum += *order;
    }
    std::cout << "that was all: " << sum << '\n';
}

int main() {
    Orders orders;
    threadwise::Thread producer(produce, std::ref(orders));
    threadwise::Thread consumer(consume, std::ref(orders));
    producer.start();
    consumer.start();
    producer.join();
    consumer.join();
}
