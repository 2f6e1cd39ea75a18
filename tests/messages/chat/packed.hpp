#pragma once
#include <msgpack.hpp>

#include <string>
#include <string_view>
#include <vector>

/// msgpack for tests, written by hand: what a client in another language would send.
namespace causeway::test {

inline std::string str(std::string_view x) {
  msgpack::sbuffer out;
  msgpack::pack(out, std::string{x});
  return {out.data(), out.size()};
}
template <class T>
std::string packed(const T& x) {
  msgpack::sbuffer out;
  msgpack::pack(out, x);
  return {out.data(), out.size()};
}
struct entry {
  std::string_view key;
  std::string value; ///< packed
};
/// @pre fewer than 16 entries
inline std::string map(const std::vector<entry>& entries) {
  std::string out(1, static_cast<char>(0x80 | entries.size()));
  for (const auto& x : entries) out += str(x.key) + x.value;
  return out;
}

} // namespace causeway::test
