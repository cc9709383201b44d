// One thread makes things, another uses them; a queue lies between.

#include <threadwise/queue.hpp>
#include <threadwise/threading.hpp>

#include <functional>
#include <iostream>

using Orders = threadwise::Queue<int>;

void produce(Orders& orders) {
    for (int order = 1; order <= 5; ++order) orders.put(order);  // waits while the queue is full
    orders.shutdown();                                           // no more will come
}

void consume(Orders& orders) {
    int sum = 0;
    try {
        while (true) {
            const int order = orders.get();  // waits while the queue is empty
            std::cout << "got order " << order << '\n';
            sum += order;
        }
    } catch (const threadwise::ShutDown&) {
        std::cout << "that was all: " << sum << '\n';
    }
}

int main() {
    Orders orders(2);  // holds two at most
    threadwise::Thread producer(produce, std::ref(orders));
    threadwise::Thread consumer(consume, std::ref(orders));
    producer.start();
    consumer.start();
    producer.join();
    consumer.join();
}
