#pragma once
#include <cstdint>
#include <string>
#include <vector>

/// Whether other servers will take our certificate: what can be known of it before anybody connects.
namespace causeway::gateway {

struct certificate_problem {
  bool of_key = false; ///< it is about the private key's file; else about the certificate's
  std::string what;    ///< sentence that says what to do
};

/// The host others ask a certificate for: that of `well_known_server` where there is one (they were led there), else that of the server
/// name; without port and brackets. Source: server-server-api, "Resolving server names".
std::string certified_host(const std::string& server_name, const std::string& well_known_server);

/// Reads the first certificate of `certificate_file` and compares its subjectAltName with `host` (a DNS name or an IP address; the common name does
/// not count), its dates with `now_s` (seconds since 1970), and its public key with `private_key_file`.
/// @param host  empty: names are not compared
/// @returns nothing where all is well; files that cannot be read are told as such
std::vector<certificate_problem> certificate_problems(const std::string& certificate_file,
                                                      const std::string& private_key_file, const std::string& host,
                                                      std::int64_t now_s);

} // namespace causeway::gateway
