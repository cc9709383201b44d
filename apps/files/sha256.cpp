#include "files/sha256.hpp"

#include <array>
#include <new>
#include <stdexcept>
#include <vector>

namespace command {
namespace {

void check(int success) {
    if (success != 1) throw std::runtime_error("OpenSSL cannot compute SHA-256");
}

}  // namespace

Sha256::Sha256() { restart(); }

void Sha256::restart() {
    if (!context_) throw std::bad_alloc();
    check(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}

void Sha256::update(std::span<const std::byte> bytes) {
    check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

std::string Sha256::hex() const {
    const Context copy(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    if (!copy) throw std::bad_alloc();
    check(EVP_MD_CTX_copy_ex(copy.get(), context_.get()));

    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    check(EVP_DigestFinal_ex(copy.get(), digest.data(), &size));

    constexpr const char* digits = "0123456789abcdef";
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
        text += digits[digest[i] >> 4U];
        text += digits[digest[i] & 15U];
    }
    return text;
}

std::string sha256_of(const FileDescriptor& file, const std::stop_token& stop) {
    std::vector<std::byte> buffer(256UL << 10U);
    Sha256 digest;
    while (!stop.stop_requested()) {
        const std::size_t count = file.read(buffer);
        if (count == 0) return digest.hex();
        digest.update(std::span(buffer).first(count));
    }
    return {};
}

std::string sha256_of_file(const std::filesystem::path& path, const std::stop_token& stop) {
    return sha256_of(FileDescriptor::open_for_reading(path), stop);
}

}  // namespace command
