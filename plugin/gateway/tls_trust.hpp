#pragma once
#include "messages/fault.hpp"

#include <openssl/x509.h>

#include <memory>
#include <string>

namespace causeway::gateway {

/// Whom outgoing requests trust.
using trust_store = std::shared_ptr<X509_STORE>;

/// The certificate authorities of `ca_file` and no others; without one the system's (OpenSSL's default file and
/// directory, SSL_CERT_FILE and SSL_CERT_DIR). Parsed once and shared by all connections: reading the system's bundle
/// takes 10 ms and more.
/// @returns fault invalid_param when `ca_file` cannot be read
result<trust_store> load_trust(const std::string& ca_file);

} // namespace causeway::gateway
