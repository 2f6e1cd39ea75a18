#pragma once
#include "messages/probe.hpp"

#include <openssl/x509.h>

#include <cstdint>
#include <string>
#include <vector>

/// Whether other servers will take our certificate: what can be known of it before anybody connects.
namespace causeway::gateway {

struct certificate_problem {
  bool of_key = false; ///< it is about the private key's file; else about the certificate's
  std::string what;    ///< sentence that says what to do
};

/// The host others ask a certificate for: that of `well_known_server` where there is one (they were led there), else
/// that of the server name; without port and brackets. Source: server-server-api, "Resolving server names".
std::string certified_host(const std::string& server_name, const std::string& well_known_server);

/// Reads the first certificate of `certificate_file` and compares its subjectAltName with `host` (a DNS name or an IP
/// address; the common name does not count), its dates with `now_s` (seconds since 1970), and its public key with
/// `private_key_file`.
/// @param host  empty: names are not compared
/// @returns nothing where all is well; files that cannot be read are told as such
std::vector<certificate_problem> certificate_problems(const std::string& certificate_file,
                                                      const std::string& private_key_file, const std::string& host,
                                                      std::int64_t now_s);

/// When the first certificate of the file expires, ms since 1970; 0: it cannot be read.
std::int64_t certificate_expiry_ts(const std::string& certificate_file);

/// For the operator. Names and texts are bounded.
probe::certificate describe_certificate(X509* x);
/// Whether it is for that host: a DNS name, or a numeric address. The common name does not count.
bool is_certified_for(X509* x, const std::string& host);
bool is_numeric_host(const std::string& host);

} // namespace causeway::gateway
