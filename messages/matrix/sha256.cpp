#include "messages/matrix/sha256.hpp"

#include <openssl/evp.h>

#include <memory>
#include <stdexcept>

namespace causeway::matrix {

std::string sha256(std::string_view bytes) {
  // Fetching the algorithm and making a context cost as much as hashing a small event: do both once.
  static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> algorithm{EVP_MD_fetch(nullptr, "SHA256", nullptr),
                                                                         &EVP_MD_free};
  thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                                     &EVP_MD_CTX_free};
  std::string digest(32, '\0');
  unsigned size = 0;
  if (!algorithm || !context || EVP_DigestInit_ex2(context.get(), algorithm.get(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(digest.data()), &size) != 1 ||
      size != digest.size())
    throw std::runtime_error("OpenSSL cannot compute SHA-256");
  return digest;
}

} // namespace causeway::matrix
