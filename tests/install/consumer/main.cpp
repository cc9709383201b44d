#include <threadwise/version.hpp>

#include <iostream>

int main() { std::cout << "threadwise " << threadwise::version() << '\n'; }
