#pragma once
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

/// Certificates made while the test runs, so that none expires in the repository.
namespace causeway::testing {

/// A directory that goes with the object.
class temporary_directory {
public:
  temporary_directory();
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;
  ~temporary_directory();
  std::string file(const std::string& name) const { return (path_ / name).string(); }

private:
  std::filesystem::path path_;
};

struct certificate_files {
  std::string certificate;
  std::string key;
};

/// A certificate authority of its own.
class certificate_authority {
public:
  explicit certificate_authority(const temporary_directory& directory, const std::string& name = "ca");
  /// PEM of the authority.
  const std::string& file() const { return file_; }
  /// @param names  DNS names and IPv4 addresses, as "DNS:..." or "IP:..."
  certificate_files issue(const std::string& file_name, const std::vector<std::string>& names) const;

private:
  using key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
  using certificate = std::unique_ptr<X509, void (*)(X509*)>;
  const temporary_directory& directory_;
  key key_;
  certificate certificate_;
  std::string file_;
};

} // namespace causeway::testing
