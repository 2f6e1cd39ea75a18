#include "plugin/media/blob_store.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>

namespace causeway::media {
namespace {

constexpr std::size_t hash_chars = 64;
constexpr std::size_t hash_step_bytes = 256 * 1024;

} // namespace

bool blob_store::is_hash(std::string_view text) {
  return text.size() == hash_chars &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

result<std::string> blob_store::hash_incoming(std::string_view name) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  if (!hash || EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr) != 1)
    return {fault_code::internal, "OpenSSL gives no SHA-256"};
  for (std::uint64_t offset = 0;;) {
    const auto step = read_incoming(name, offset, hash_step_bytes);
    if (!step) return step.error();
    EVP_DigestUpdate(hash.get(), step->data(), step->size());
    offset += step->size();
    if (step->size() < hash_step_bytes) break;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_DigestFinal_ex(hash.get(), digest.data(), &size);
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out += digits[digest[i] >> 4];
    out += digits[digest[i] & 15];
  }
  return out;
}

} // namespace causeway::media
