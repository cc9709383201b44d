#include <threadwise/threading.hpp>
#include <threadwise/version.hpp>

#include <iostream>
#include <string>

int main() {
    std::string version;
    threadwise::Thread asker([&] { version = threadwise::version(); });
    asker.start();
    asker.join();
    std::cout << "threadwise " << version << '\n';
}
