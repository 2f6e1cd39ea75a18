#include "actors/deflated.hpp"

#include <zlib.h>

#include <stdexcept>

namespace causeway {
namespace {

/// 16 KiB to look back, and 128 KiB of memory while it works: a small room is half as long.
constexpr int window_bits = 14, memory_level = 7;

Bytef* bytes_of(std::string_view x) {
  // zlib does not write there; its interface is older than `const`.
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(x.data()));
}

} // namespace

deflated deflate_text(std::string_view text) {
  z_stream z{};
  if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, window_bits, memory_level, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("zlib cannot begin");
  std::string out(deflateBound(&z, text.size()), '\0');
  z.next_in = bytes_of(text);
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = bytes_of(out);
  z.avail_out = static_cast<uInt>(out.size());
  const auto done = deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  if (done != Z_STREAM_END) throw std::runtime_error("zlib cannot make a text short");
  return {std::string{out.data(), out.size()}, text.size()}; // a copy that is as long as it has to be
}

std::string inflate_text(const deflated& x) {
  std::string out(x.size, '\0');
  auto size = static_cast<uLongf>(out.size());
  if (uncompress(bytes_of(out), &size, bytes_of(x.bytes), static_cast<uLong>(x.bytes.size())) != Z_OK || size != x.size)
    throw std::runtime_error("a text that was made short cannot be read");
  return out;
}

} // namespace causeway
