// Arguments go to the function by value; std::ref passes a reference, std::move hands something over for good.

#include <threadwise/threading.hpp>

#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

void repeat(const std::string& word, int times, std::vector<std::string>& words) {
    for (int i = 0; i < times; ++i) words.push_back(word);
}

void consume(std::unique_ptr<std::string> message) {
    std::cout << threadwise::current_thread().name() << " got: " << *message << '\n';
}

int main() {
    std::vector<std::string> words;
    threadwise::Thread filler(repeat, "hello", 3, std::ref(words));
    filler.start();
    filler.join();
    for (const auto& word : words) std::cout << word << '\n';

    // Options come first, as Python's keyword arguments.
    auto message = std::make_unique<std::string>("it is yours now");
    threadwise::Thread owner({.name = "owner"}, consume, std::move(message));
    owner.start();
    owner.join();
}
