#include "plugin/gateway/tls_trust.hpp"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

namespace causeway::gateway {

result<trust_store> load_trust(const std::string& ca_file) {
  trust_store out{X509_STORE_new(), X509_STORE_free};
  if (!out) return {fault_code::internal, "OpenSSL gives no certificate store"};
  // A machine without any is an empty store: every certificate is then refused.
  if (ca_file.empty()) X509_STORE_set_default_paths(out.get());
  X509_STORE_set_flags(out.get(), X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
  const bool loaded = ca_file.empty() || X509_STORE_load_file(out.get(), ca_file.c_str()) == 1;
  ERR_clear_error();
  if (!loaded) return {fault_code::invalid_param, "ca_file: cannot read certificates from '" + ca_file + "'"};
  return out;
}

} // namespace causeway::gateway
