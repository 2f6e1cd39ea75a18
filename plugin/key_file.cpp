#include "plugin/key_file.hpp"

#include "messages/matrix/base64.hpp"
#include "messages/matrix/identifiers.hpp"

#include <sodium.h>

#include <charconv>
#include <utility>
#include <vector>

namespace causeway {

namespace {

constexpr std::size_t secret_bytes_max = 4096; ///< that can be read again

/// Begins the line of a key that is no longer used to sign.
constexpr std::string_view old_key_word = "old_ed25519";

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> out;
  while (true) {
    auto first = line.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return out;
    line.remove_prefix(first);
    auto end = line.find_first_of(" \t\r");
    out.push_back(line.substr(0, end));
    line = end == std::string_view::npos ? std::string_view{} : line.substr(end);
  }
}

fault wrong(std::string why) { return {fault_code::invalid_param, "the signing key file " + std::move(why)}; }

} // namespace

result<std::vector<matrix::old_signing_key>> parse_old_keys(std::string_view text) {
  std::vector<matrix::old_signing_key> found;
  while (!text.empty()) {
    auto end = text.find('\n');
    auto words = words_of(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (words.empty() || words.front() != old_key_word) continue;
    if (words.size() != 4)
      return wrong("must write an old key as `old_ed25519 <id> <base64 public key> <expired_ts>`.");
    matrix::old_signing_key x{"ed25519:" + std::string{words[1]}, std::string{words[2]}, 0};
    if (!matrix::is_signing_key_id(x.key_id))
      return wrong("has an old key id with other characters than letters, digits and _.");
    auto bytes = matrix::base64_decode(words[2]);
    if (!bytes || bytes->size() != crypto_sign_PUBLICKEYBYTES)
      return wrong("has an old key that is not the base64 of 32 bytes.");
    auto [last, problem] = std::from_chars(words[3].data(), words[3].data() + words[3].size(), x.expired_ts);
    if (problem != std::errc{} || last != words[3].data() + words[3].size() || x.expired_ts <= 0)
      return wrong("has an old key whose expired_ts is not a time in milliseconds.");
    found.push_back(std::move(x));
  }
  return found;
}

result<std::vector<matrix::old_signing_key>> read_old_keys(const std::string& path) {
  auto text = read_secret_file(path);
  if (!text) return text.error();
  wiped guard{std::move(*text)};
  auto keys = parse_old_keys(guard.text);
  if (!keys) return fault{keys.error().code, keys.error().detail + " (" + path + ")"};
  return keys;
}

result<matrix::signing_key> parse_key_file(std::string_view text) {
  std::vector<std::string_view> found;
  while (!text.empty()) {
    auto end = text.find('\n');
    auto line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    auto words = words_of(line);
    if (words.empty() || words.front().starts_with('#') || words.front() == old_key_word) continue;
    if (!found.empty()) return wrong("holds more than one key; leave the one to sign with.");
    if (words.size() != 3) return wrong("must hold one line `ed25519 <id> <base64 seed>`.");
    found = std::move(words);
  }
  if (found.empty()) return wrong("holds no key.");
  if (found[0] != "ed25519") return wrong("must begin with ed25519, the only algorithm of Matrix.");
  auto id = "ed25519:" + std::string{found[1]};
  if (!matrix::is_signing_key_id(id)) return wrong("has a key id with other characters than letters, digits and _.");
  auto seed = matrix::base64_decode(found[2]);
  wiped guard{seed ? std::move(*seed) : std::string{}};
  if (guard.text.size() != crypto_sign_SEEDBYTES) return wrong("has a seed that is not the base64 of 32 bytes.");
  return matrix::signing_key::from_seed(guard.text, std::move(id));
}

result<matrix::signing_key> read_key_file(const std::string& path) {
  auto text = read_secret_file(path);
  if (!text) return text.error();
  wiped guard{std::move(*text)};
  auto key = parse_key_file(guard.text);
  if (!key) return fault{key.error().code, key.error().detail + " (" + path + ")"};
  return key;
}

namespace {

/// A new key and the line of a key file that holds it.
struct new_key {
  matrix::signing_key key;
  wiped line;
};

result<new_key> make_key() {
  if (sodium_init() < 0) return fault{fault_code::internal, "libsodium found no source of random numbers"};
  wiped seed{std::string(crypto_sign_SEEDBYTES, '\0')};
  randombytes_buf(seed.text.data(), seed.text.size()); // getrandom(2)
  auto key = matrix::signing_key::from_seed(seed.text);
  if (!key) return key.error();
  auto id = std::string_view{key->key_id()}.substr(std::string_view{"ed25519:"}.size());
  wiped line{"ed25519 " + std::string{id} + " "};
  wiped encoded{matrix::base64_encode(seed.text)};
  line.text += encoded.text + "\n";
  return new_key{*key, wiped{std::move(line.text)}};
}

} // namespace

result<matrix::signing_key> create_key_file(const std::string& path) {
  auto made = make_key();
  if (!made) return made.error();
  if (auto written = write_secret_file(path, made->line.text); !written) return written.error();
  return made->key;
}

result<matrix::signing_key> rotate_key_file(const std::string& path, std::int64_t now_ms) {
  auto former = read_secret_file(path);
  if (!former) return former.error();
  wiped guard{std::move(*former)};
  auto key = parse_key_file(guard.text);
  auto old_keys = parse_old_keys(guard.text);
  if (!key || !old_keys) {
    const auto& why = key ? old_keys.error() : key.error();
    return fault{why.code, why.detail + " (" + path + ")"};
  }
  auto made = make_key();
  if (!made) return made.error();
  wiped text{made->line.text};
  const auto id = key->key_id().substr(std::string_view{"ed25519:"}.size());
  text.text +=
    std::string{old_key_word} + " " + id + " " + key->public_key_base64() + " " + std::to_string(now_ms) + "\n";
  // Everything but the line of the former key stays: older keys, and what somebody has noted.
  for (std::string_view rest = guard.text; !rest.empty();) {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    const auto words = words_of(line);
    if (words.empty() || words.front() == "ed25519") continue;
    text.text.append(line).append("\n");
  }
  if (text.text.size() > secret_bytes_max)
    return fault{fault_code::too_large, path + " would become larger than 4 KiB: take its oldest keys out."};
  if (auto written = replace_secret_file(path, text.text); !written) return written.error();
  return made->key;
}

result<matrix::signing_key> load_key_file(const std::string& path, bool may_create) {
  auto key = read_key_file(path);
  if (key || key.error().code != fault_code::not_found) return key;
  if (!may_create)
    return fault{fault_code::not_found,
                 path + " does not exist, but the store holds rooms signed with a key. Put the key back; a new one "
                        "would leave other servers unable to check what we signed."};
  return create_key_file(path);
}

} // namespace causeway
