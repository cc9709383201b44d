// as_completed() gives futures as they become done, whichever was submitted first.

#include <threadwise/futures.hpp>
#include <threadwise/threading.hpp>

#include <iostream>
#include <string>
#include <vector>

int main() {
    threadwise::ThreadPoolExecutor pool({.max_workers = 2});
    threadwise::Event quick_is_told;

    std::vector<threadwise::Future<std::string>> answers;
    answers.push_back(pool.submit([&] {
        quick_is_told.wait();
        return std::string("the slow answer");
    }));
    answers.push_back(pool.submit([] { return std::string("the quick answer"); }));

    for (auto& future : threadwise::as_completed(std::move(answers))) {
        std::cout << future.result() << '\n';
        quick_is_told.set();
    }
}
