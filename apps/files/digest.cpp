#include "files/digest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <new>
#include <stdexcept>
#include <vector>

namespace command {
namespace {

struct KindFacts {
    DigestKind kind;
    std::string_view key;
    std::string_view name;
    std::size_t digits;
    const EVP_MD* (*algorithm)();
};

constexpr std::array kinds{
    KindFacts{DigestKind::md5, "md5", "MD5", 32, &EVP_md5},
    KindFacts{DigestKind::sha1, "sha1", "SHA-1", 40, &EVP_sha1},
    KindFacts{DigestKind::sha256, "sha256", "SHA-256", 64, &EVP_sha256},
    KindFacts{DigestKind::sha512, "sha512", "SHA-512", 128, &EVP_sha512},
    KindFacts{DigestKind::blake2b, "blake2b", "BLAKE2b", 128, &EVP_blake2b512},
};

const KindFacts& facts_of(DigestKind kind) { return *std::ranges::find(kinds, kind, &KindFacts::kind); }

void check(int success, DigestKind kind) {
    if (success != 1) throw std::runtime_error(fmt::format("OpenSSL cannot compute {}", name_of(kind)));
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_hexadecimal(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

}  // namespace

std::string_view name_of(DigestKind kind) { return facts_of(kind).name; }
std::string_view key_of(DigestKind kind) { return facts_of(kind).key; }

std::string Digest::text() const { return fmt::format("the {} {}", name_of(kind), hex); }

std::optional<DigestKind> digest_kind(std::string_view name) {
    std::string key;
    for (const char c : name) {
        if (c != '-') key += lower(c);
    }
    if (key == "blake2b512") key = "blake2b";
    const auto* const found = std::ranges::find(kinds, key, &KindFacts::key);
    if (found == kinds.end()) return std::nullopt;
    return found->kind;
}

std::optional<Digest> parse_digest(DigestKind kind, std::string_view hex) {
    Digest digest{kind, std::string(hex)};
    std::ranges::transform(digest.hex, digest.hex.begin(), lower);
    if (hex.size() != facts_of(kind).digits || !std::ranges::all_of(digest.hex, is_hexadecimal)) return std::nullopt;
    return digest;
}

Hasher::Hasher(DigestKind kind) : kind_(kind) { restart(); }

void Hasher::restart() {
    if (!context_) throw std::bad_alloc();
    check(EVP_DigestInit_ex(context_.get(), facts_of(kind_).algorithm(), nullptr), kind_);
}

void Hasher::update(std::span<const std::byte> bytes) {
    check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()), kind_);
}

Digest Hasher::digest() const {
    const Context copy(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    if (!copy) throw std::bad_alloc();
    check(EVP_MD_CTX_copy_ex(copy.get(), context_.get()), kind_);

    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    check(EVP_DigestFinal_ex(copy.get(), bytes.data(), &size), kind_);

    constexpr const char* digits = "0123456789abcdef";
    Digest digest{kind_};
    for (unsigned i = 0; i < size; ++i) {
        digest.hex += digits[bytes[i] >> 4U];
        digest.hex += digits[bytes[i] & 15U];
    }
    return digest;
}

Digest digest_of(const FileDescriptor& file, DigestKind kind, const std::stop_token& stop) {
    std::vector<std::byte> buffer(256UL << 10U);
    Hasher hasher(kind);
    while (!stop.stop_requested()) {
        const std::size_t count = file.read(buffer);
        if (count == 0) return hasher.digest();
        hasher.update(std::span(buffer).first(count));
    }
    return {};
}

Digest digest_of_file(const std::filesystem::path& path, DigestKind kind, const std::stop_token& stop) {
    return digest_of(FileDescriptor::open_for_reading(path), kind, stop);
}

}  // namespace command
