#pragma once
#include "messages/fault.hpp"

#include <openssl/x509.h>

#include <memory>
#include <string>

namespace causeway::gateway {

/// Whom outgoing requests trust.
using trust_store = std::shared_ptr<X509_STORE>;

/// The system's certificate authorities (OpenSSL's default file and directory, SSL_CERT_FILE and SSL_CERT_DIR) and those
/// of `ca_file`. Parsed once and shared by all connections: reading the system's bundle takes 10 ms and more.
/// @returns fault invalid_param when `ca_file` cannot be read
result<trust_store> load_trust(const std::string& ca_file);

} // namespace causeway::gateway
