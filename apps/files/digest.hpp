#pragma once
// Digests of files, computed by OpenSSL.

#include <openssl/evp.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "files/file_descriptor.hpp"

namespace command {

/// Weakest first.
enum class DigestKind { md5, sha1, sha256, sha512, blake2b };

/// As messages have it: "SHA-256".
std::string_view name_of(DigestKind kind);

/// As programs have it: "sha256".
std::string_view key_of(DigestKind kind);

struct Digest {
    DigestKind kind = DigestKind::sha256;
    std::string hex = {};  ///< lower-case; "" if the digest is unknown

    bool empty() const noexcept { return hex.empty(); }
    bool operator==(const Digest&) const = default;

    /// "the SHA-256 0123..."
    std::string text() const;
};

/// The kind with that name in any spelling: "sha-256", "SHA256". BLAKE2b is the one with 512 bits. Nothing if there is
/// none.
std::optional<DigestKind> digest_kind(std::string_view name);

/// Nothing unless `hex` has as many hexadecimal digits as a digest of that kind.
std::optional<Digest> parse_digest(DigestKind kind, std::string_view hex);

/// Computes a digest incrementally. Not thread-safe.
class Hasher {
public:
    explicit Hasher(DigestKind kind = DigestKind::sha256);

    void update(std::span<const std::byte> bytes);

    /// The digest of all bytes so far. update() may be called again afterwards.
    Digest digest() const;

    /// Starts over with no bytes.
    void restart();

private:
    using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
    DigestKind kind_;
    Context context_{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

/// The digest of the rest of a file, from the descriptor's position on. Throws std::system_error if it cannot be read;
/// returns an empty one if `stop` is requested.
Digest digest_of(const FileDescriptor& file, DigestKind kind, const std::stop_token& stop = {});

/// The digest of the file `path`, likewise.
Digest digest_of_file(const std::filesystem::path& path, DigestKind kind, const std::stop_token& stop = {});

}  // namespace command
