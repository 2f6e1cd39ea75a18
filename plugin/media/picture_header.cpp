// Sizes of pictures from their headers: before a decoder may allocate anything.
#include "plugin/media/picture.hpp"

#include <algorithm>

namespace causeway::media {
namespace {

/// Reads numbers out of bytes; what lies behind the end reads as nothing.
class bytes_view {
public:
  explicit bytes_view(std::string_view bytes) : bytes_(bytes) {}
  bool has(std::size_t at, std::size_t count) const { return at <= bytes_.size() && count <= bytes_.size() - at; }
  std::uint32_t u8(std::size_t at) const { return static_cast<unsigned char>(bytes_[at]); }
  std::uint32_t big16(std::size_t at) const { return u8(at) << 8 | u8(at + 1); }
  std::uint32_t big32(std::size_t at) const { return big16(at) << 16 | big16(at + 2); }
  std::uint32_t little16(std::size_t at) const { return u8(at + 1) << 8 | u8(at); }
  std::uint32_t little24(std::size_t at) const { return u8(at + 2) << 16 | little16(at); }
  std::uint32_t little32(std::size_t at) const { return little16(at + 2) << 16 | little16(at); }
  std::string_view text(std::size_t at, std::size_t count) const { return bytes_.substr(at, count); }
  std::size_t size() const { return bytes_.size(); }

private:
  std::string_view bytes_;
};

using header = std::optional<picture_header>;

header checked(picture_format format, std::uint32_t width, std::uint32_t height) {
  if (width == 0 || height == 0) return {};
  return picture_header{format, width, height};
}

/// PNG specification, 11.2.1.
header png(const bytes_view& x) {
  if (!x.has(0, 24) || x.text(12, 4) != "IHDR") return {};
  return checked(picture_format::png, x.big32(16), x.big32(20));
}

/// GIF89a, 18.
header gif(const bytes_view& x) {
  if (!x.has(0, 10)) return {};
  return checked(picture_format::gif, x.little16(6), x.little16(8));
}

/// RFC 9649, 2.5 to 2.7.
header webp(const bytes_view& x) {
  if (!x.has(0, 30)) return {};
  const auto kind = x.text(12, 4);
  if (kind == "VP8X") return checked(picture_format::webp, x.little24(24) + 1, x.little24(27) + 1);
  if (kind == "VP8 ") return checked(picture_format::webp, x.little16(26) & 0x3fff, x.little16(28) & 0x3fff);
  if (kind == "VP8L" && x.u8(20) == 0x2f) {
    const auto bits = x.little32(21);
    return checked(picture_format::webp, (bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1);
  }
  return {};
}

/// The orientation of an APP1 block with EXIF data (Exif 2.3, 4.6); 1 where there is none.
std::uint8_t orientation_of(const bytes_view& block) {
  constexpr std::uint32_t tag_orientation = 0x0112;
  constexpr std::size_t tiff = 6, entry_bytes = 12, entries_max = 256;
  if (!block.has(0, tiff + 8) || block.text(0, 4) != "Exif") return 1;
  const auto order = block.text(tiff, 2);
  if (order != "II" && order != "MM") return 1;
  const bool little = order == "II";
  const auto number16 = [&](std::size_t at) { return little ? block.little16(at) : block.big16(at); };
  const std::size_t directory = tiff + std::size_t{little ? block.little32(tiff + 4) : block.big32(tiff + 4)};
  if (!block.has(directory, 2)) return 1;
  const auto entries = std::min<std::size_t>(number16(directory), entries_max);
  for (std::size_t i = 0; i < entries; ++i) {
    const auto at = directory + 2 + i * entry_bytes;
    if (!block.has(at, entry_bytes)) return 1;
    if (number16(at) != tag_orientation) continue;
    const auto value = number16(at + 8);
    return value >= 1 && value <= 8 ? static_cast<std::uint8_t>(value) : 1;
  }
  return 1;
}

/// ITU T.81, annex B: blocks until the one that begins a frame.
header jpeg(const bytes_view& x) {
  std::uint8_t orientation = 1;
  for (std::size_t at = 2; x.has(at, 4);) {
    if (x.u8(at) != 0xff) return {};
    const auto marker = x.u8(at + 1);
    if (marker == 0xff) { // a fill byte
      ++at;
      continue;
    }
    const std::size_t length = x.big16(at + 2);
    if (length < 2) return {};
    const bool begins_frame = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (begins_frame) {
      if (!x.has(at, 9)) return {};
      auto out = checked(picture_format::jpeg, x.big16(at + 7), x.big16(at + 5));
      if (out) out->orientation = orientation;
      return out;
    }
    if (marker == 0xda || marker == 0xd9) return {}; // picture data before its size
    if (marker == 0xe1 && x.has(at + 4, length - 2))
      orientation = orientation_of(bytes_view{x.text(at + 4, length - 2)});
    at += 2 + length;
  }
  return {};
}

} // namespace

std::optional<picture_header> read_picture_header(std::string_view beginning) {
  const bytes_view x{beginning.substr(0, picture_header_bytes_max)};
  if (beginning.starts_with("\x89PNG\r\n\x1a\n")) return png(x);
  if (beginning.starts_with("GIF87a") || beginning.starts_with("GIF89a")) return gif(x);
  if (beginning.starts_with("RIFF") && beginning.substr(0, 12).ends_with("WEBP")) return webp(x);
  if (beginning.starts_with("\xff\xd8")) return jpeg(x);
  return {};
}

thumbnail_size nearest_size(thumbnail_size wanted) {
  constexpr thumbnail_size sizes[] = {{32, 32}, {96, 96}, {320, 240}, {640, 480}, {800, 600}};
  for (const auto& size : sizes)
    if (size.width >= wanted.width && size.height >= wanted.height) return {size.width, size.height, wanted.method};
  return {800, 600, wanted.method};
}

} // namespace causeway::media
