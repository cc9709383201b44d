#pragma once
// SHA-256 digests (FIPS 180-4), computed by OpenSSL.

#include <openssl/evp.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

#include "files/file_descriptor.hpp"

namespace command {

/// Computes a digest incrementally. Not thread-safe.
class Sha256 {
public:
    Sha256();

    void update(std::span<const std::byte> bytes);

    /// The digest of all bytes so far, as 64 lower-case hexadecimal digits. update() may be called again afterwards.
    std::string hex() const;

    /// Starts over with no bytes.
    void restart();

private:
    using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
    Context context_{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

/// The digest of the rest of a file, from the descriptor's position on. Throws std::system_error if it cannot be read;
/// returns "" if `stop` is requested.
std::string sha256_of(const FileDescriptor& file, const std::stop_token& stop = {});

/// The digest of the file `path`. Throws std::system_error if it cannot be read; returns "" if `stop` is requested.
std::string sha256_of_file(const std::filesystem::path& path, const std::stop_token& stop = {});

}  // namespace command
