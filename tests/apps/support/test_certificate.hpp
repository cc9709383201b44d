#pragma once
// A certificate that signs itself, made anew in each run.

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>

namespace test {

/// For 127.0.0.1, valid for a day.
class TestCertificate {
public:
    TestCertificate() : key_(EVP_EC_gen("P-256"), &EVP_PKEY_free), certificate_(X509_new(), &X509_free) {
        X509* x = certificate_.get();
        X509_set_version(x, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
        X509_gmtime_adj(X509_getm_notBefore(x), -3600);
        X509_gmtime_adj(X509_getm_notAfter(x), 86'400);
        X509_set_pubkey(x, key_.get());
        X509_NAME* name = X509_get_subject_name(x);
        const auto* text = reinterpret_cast<const unsigned char*>("threadwise test");
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
        X509_set_issuer_name(x, name);
        const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> address(
            X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1"), &X509_EXTENSION_free);
        X509_add_ext(x, address.get(), -1);
        if (X509_sign(x, key_.get(), EVP_sha256()) == 0) throw std::runtime_error("cannot sign a certificate");
    }

    X509* certificate() const { return certificate_.get(); }
    EVP_PKEY* key() const { return key_.get(); }

    void save_certificate(const std::filesystem::path& path) const {
        const File file(std::fopen(path.c_str(), "w"), &std::fclose);
        PEM_write_X509(file.get(), certificate_.get());
    }

    /// Encrypted with `password` unless that is "".
    void save_key(const std::filesystem::path& path, const std::string& password = {}) const {
        const File file(std::fopen(path.c_str(), "w"), &std::fclose);
        const auto* bytes = reinterpret_cast<const unsigned char*>(password.data());
        PEM_write_PrivateKey(file.get(), key_.get(), password.empty() ? nullptr : EVP_aes_256_cbc(), bytes,
                             static_cast<int>(password.size()), nullptr, nullptr);
    }

private:
    using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
    std::unique_ptr<X509, decltype(&X509_free)> certificate_;
};

}  // namespace test
