#pragma once
#include "messages/fault.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace causeway::media {

enum class picture_format : std::uint8_t { png, jpeg, gif, webp };

/// What the header of a picture claims.
struct picture_header {
  picture_format format = picture_format::png;
  std::uint32_t width = 0, height = 0;
  std::uint8_t orientation = 1; ///< EXIF, 1..8: how a JPEG has to be turned to be looked at
};
/// Bytes that are looked at: a JPEG may have some blocks of 64 KiB before its size.
inline constexpr std::size_t picture_header_bytes_max = 512 * 1024;
/// @param beginning  of the file, at most picture_header_bytes_max bytes of it
/// @returns nothing for what is no picture of these formats, or hides its size
std::optional<picture_header> read_picture_header(std::string_view beginning);

enum class thumbnail_method : std::uint8_t { crop, scale };
struct thumbnail_size {
  std::uint32_t width = 0, height = 0;
  thumbnail_method method = thumbnail_method::scale;
};
/// The size that is made for a wish: the smallest of the specification's that is not smaller, else the largest. So a
/// picture has a bounded number of thumbnails. Spec: client-server-api, "Thumbnails".
thumbnail_size nearest_size(thumbnail_size wanted);

struct thumbnail {
  std::string bytes, content_type; ///< image/jpeg of a JPEG, else image/png
  std::uint32_t width = 0, height = 0;
};
/// Up to `bytes` bytes of a file from `offset` on, fewer at its end.
using file_reader = std::function<result<std::string>(std::uint64_t offset, std::uint64_t bytes)>;
/// Decodes the picture that `read` gives and makes a smaller one; never a larger one. `crop` fills the size and cuts
/// off what is over, `scale` fits into it. Only the first picture of an animation. Takes 4 bytes of memory per pixel of
/// the picture.
/// @returns faults unsupported_media (no picture, a broken one), too_large (more than `pixels_max`), those of `read`
result<thumbnail> make_thumbnail(file_reader read, thumbnail_size size, std::uint64_t pixels_max);

} // namespace causeway::media
