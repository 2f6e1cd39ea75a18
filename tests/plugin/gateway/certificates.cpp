#include "tests/plugin/gateway/certificates.hpp"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace causeway::testing {
namespace {

void check(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

void add_extension(X509* to, X509* issuer, int which, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, void (*)(X509_EXTENSION*)> one{
    X509V3_EXT_conf_nid(nullptr, &context, which, value.c_str()), X509_EXTENSION_free};
  check(one && X509_add_ext(to, one.get(), -1) == 1, "extension");
}

X509* new_certificate(EVP_PKEY* key, const std::string& name) {
  auto* out = X509_new();
  check(out != nullptr, "X509_new");
  std::uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  X509_set_version(out, X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(out), serial >> 1);
  X509_gmtime_adj(X509_getm_notBefore(out), -3600);
  X509_gmtime_adj(X509_getm_notAfter(out), 24 * 3600);
  X509_set_pubkey(out, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(out), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return out;
}

struct file_closer {
  void operator()(FILE* x) const { std::fclose(x); }
};
using open_file = std::unique_ptr<FILE, file_closer>;

void save(X509* certificate, const std::string& path) {
  const open_file out{std::fopen(path.c_str(), "w")};
  check(out && PEM_write_X509(out.get(), certificate) == 1, "save certificate");
}

} // namespace

temporary_directory::temporary_directory() {
  auto text = (std::filesystem::temp_directory_path() / "causeway-test-XXXXXX").string();
  check(mkdtemp(text.data()) != nullptr, "mkdtemp");
  path_ = text;
}

temporary_directory::~temporary_directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

certificate_authority::certificate_authority(const temporary_directory& directory, const std::string& name)
    : directory_(directory), key_(EVP_EC_gen("P-256"), EVP_PKEY_free),
      certificate_(new_certificate(key_.get(), name), X509_free), file_(directory.file(name + ".crt")) {
  X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get()));
  add_extension(certificate_.get(), certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate_.get(), certificate_.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  check(X509_sign(certificate_.get(), key_.get(), EVP_sha256()) > 0, "sign");
  save(certificate_.get(), file_);
}

certificate_files certificate_authority::issue(const std::string& file_name,
                                               const std::vector<std::string>& names) const {
  const key own{EVP_EC_gen("P-256"), EVP_PKEY_free};
  const certificate made{new_certificate(own.get(), file_name), X509_free};
  X509_set_issuer_name(made.get(), X509_get_subject_name(certificate_.get()));
  std::string alternatives;
  for (const auto& one : names) alternatives += (alternatives.empty() ? "" : ",") + one;
  add_extension(made.get(), certificate_.get(), NID_subject_alt_name, alternatives);
  add_extension(made.get(), certificate_.get(), NID_ext_key_usage, "serverAuth");
  check(X509_sign(made.get(), key_.get(), EVP_sha256()) > 0, "sign");
  certificate_files out{directory_.file(file_name + ".crt"), directory_.file(file_name + ".key")};
  save(made.get(), out.certificate);
  const open_file keys{std::fopen(out.key.c_str(), "w")};
  check(keys && PEM_write_PrivateKey(keys.get(), own.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1, "save key");
  return out;
}

} // namespace causeway::testing
