#include "plugin/gateway/certificate_check.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <memory>

namespace causeway::gateway {
namespace {

template <auto Free>
struct deleter {
  template <class T>
  void operator()(T* x) const {
    Free(x);
  }
};
using certificate_ptr = std::unique_ptr<X509, deleter<X509_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, deleter<EVP_PKEY_free>>;
using names_ptr = std::unique_ptr<GENERAL_NAMES, deleter<GENERAL_NAMES_free>>;
using file_ptr = std::unique_ptr<std::FILE, deleter<std::fclose>>;

/// Names listed in a sentence.
constexpr int names_told_max = 10;

/// A key that asks for a passphrase is one the gateway cannot read: nobody is there to type it.
int no_passphrase(char*, int, int, void*) { return 0; }

bool is_address(const std::string& host) {
  std::array<unsigned char, 16> out{};
  return inet_pton(AF_INET, host.c_str(), out.data()) == 1 || inet_pton(AF_INET6, host.c_str(), out.data()) == 1;
}

std::string text_of(const ASN1_STRING* x) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(x)), static_cast<std::size_t>(ASN1_STRING_length(x))};
}

std::string text_of_address(const ASN1_OCTET_STRING* x) {
  std::array<char, INET6_ADDRSTRLEN> out{};
  const int length = ASN1_STRING_length(x);
  if (length != 4 && length != 16) return {};
  return inet_ntop(length == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(x), out.data(), out.size());
}

/// What it is for, as a list; empty when it names nothing.
std::string names_in(X509* x) {
  const names_ptr names{static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x, NID_subject_alt_name, nullptr, nullptr))};
  std::string out;
  for (int i = 0, told = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const auto* name = sk_GENERAL_NAME_value(names.get(), i);
    std::string text;
    if (name->type == GEN_DNS) text = text_of(name->d.dNSName);
    else if (name->type == GEN_IPADD) text = text_of_address(name->d.iPAddress);
    if (text.empty()) continue;
    if (++told > names_told_max) return out + " and others";
    out += (out.empty() ? "" : ", ") + text;
  }
  return out;
}

std::string day_of(const ASN1_TIME* x) {
  std::tm when{};
  std::array<char, 32> out{};
  if (ASN1_TIME_to_tm(x, &when) != 1 || std::strftime(out.data(), out.size(), "%Y-%m-%d %H:%M UTC", &when) == 0)
    return "a time that cannot be read";
  return out.data();
}

/// ms since 1970; 0: cannot be read.
std::int64_t time_of(const ASN1_TIME* x) {
  std::tm when{};
  return ASN1_TIME_to_tm(x, &when) == 1 ? std::int64_t{timegm(&when)} * 1'000 : 0;
}

/// Bounded: a stranger has written it.
std::string name_of(X509_NAME* x) {
  constexpr int name_bytes_max = 256;
  std::array<char, name_bytes_max> out{};
  return x && X509_NAME_oneline(x, out.data(), name_bytes_max) ? out.data() : std::string{};
}

void check_host(std::vector<certificate_problem>& out, X509* x, const std::string& file, const std::string& host) {
  if (is_certified_for(x, host)) return;
  const auto names = names_in(x);
  out.push_back(
    {false,
     file +
       (names.empty() ? " names no host (it has no subjectAltName; the common name does not count)"
                      : " is for " + names) +
       ", not for \"" + host +
       "\": other servers would refuse the connection. Get a certificate for that name. Where another web server's " +
       "/.well-known/matrix/server leads others here by another name, write that name in gateway.well_known_server."});
}

void check_dates(std::vector<certificate_problem>& out, X509* x, const std::string& file, std::time_t now) {
  if (X509_cmp_time(X509_get0_notBefore(x), &now) > 0)
    out.push_back({false, file + " is not valid before " + day_of(X509_get0_notBefore(x)) +
                            ": set this machine's clock, or get another certificate."});
  if (X509_cmp_time(X509_get0_notAfter(x), &now) < 0)
    out.push_back({false, file + " expired on " + day_of(X509_get0_notAfter(x)) +
                            ": other servers refuse the connection. Renew it."});
}

void check_key(std::vector<certificate_problem>& out, X509* x, const std::string& certificate_file,
               const std::string& key_file) {
  const file_ptr file{std::fopen(key_file.c_str(), "re")};
  if (!file) return out.push_back({true, key_file + " cannot be opened."});
  const key_ptr key{PEM_read_PrivateKey(file.get(), nullptr, no_passphrase, nullptr)};
  if (!key)
    return out.push_back({true, key_file + " holds no private key in PEM that can be read without a passphrase."});
  if (X509_check_private_key(x, key.get()) != 1)
    out.push_back(
      {true, key_file + " is not the key of " + certificate_file + ": name the two files that were made together."});
}

} // namespace

std::string certified_host(const std::string& server_name, const std::string& well_known_server) {
  const auto& name = well_known_server.empty() ? server_name : well_known_server;
  if (name.starts_with('[')) return name.substr(1, name.find(']') - 1);
  return name.substr(0, name.find(':'));
}

bool is_numeric_host(const std::string& host) { return is_address(host); }

bool is_certified_for(X509* x, const std::string& host) {
  const int matches = is_address(host)
                        ? X509_check_ip_asc(x, host.c_str(), 0)
                        : X509_check_host(x, host.data(), host.size(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr);
  return matches == 1;
}

probe::certificate describe_certificate(X509* x) {
  constexpr std::size_t names_max = 100, name_bytes_max = 255;
  probe::certificate out;
  out.subject = name_of(X509_get_subject_name(x));
  out.issuer = name_of(X509_get_issuer_name(x));
  out.not_before_ts = time_of(X509_get0_notBefore(x));
  out.not_after_ts = time_of(X509_get0_notAfter(x));
  const names_ptr names{static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x, NID_subject_alt_name, nullptr, nullptr))};
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()) && out.names.size() < names_max; ++i) {
    const auto* name = sk_GENERAL_NAME_value(names.get(), i);
    std::string text;
    if (name->type == GEN_DNS) text = text_of(name->d.dNSName);
    else if (name->type == GEN_IPADD) text = text_of_address(name->d.iPAddress);
    if (!text.empty()) out.names.push_back(text.substr(0, name_bytes_max));
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  static constexpr char digits[] = "0123456789abcdef";
  if (X509_digest(x, EVP_sha256(), digest.data(), &length) == 1)
    for (unsigned i = 0; i < length; ++i) (out.sha256 += digits[digest[i] >> 4]) += digits[digest[i] & 15];
  return out;
}

std::int64_t certificate_expiry_ts(const std::string& certificate_file) {
  const file_ptr file{std::fopen(certificate_file.c_str(), "re")};
  const certificate_ptr x{file ? PEM_read_X509(file.get(), nullptr, nullptr, nullptr) : nullptr};
  ERR_clear_error();
  return x ? time_of(X509_get0_notAfter(x.get())) : 0;
}

std::vector<certificate_problem> certificate_problems(const std::string& certificate_file,
                                                      const std::string& private_key_file, const std::string& host,
                                                      std::int64_t now_s) {
  std::vector<certificate_problem> out;
  const file_ptr file{std::fopen(certificate_file.c_str(), "re")};
  if (!file) {
    out.push_back({false, certificate_file + " cannot be opened."});
    return out;
  }
  if (const certificate_ptr x{PEM_read_X509(file.get(), nullptr, nullptr, nullptr)}) {
    if (!host.empty()) check_host(out, x.get(), certificate_file, host);
    check_dates(out, x.get(), certificate_file, static_cast<std::time_t>(now_s));
    if (!private_key_file.empty()) check_key(out, x.get(), certificate_file, private_key_file);
  } else {
    out.push_back({false, certificate_file + " holds no certificate in PEM."});
  }
  ERR_clear_error();
  return out;
}

} // namespace causeway::gateway
