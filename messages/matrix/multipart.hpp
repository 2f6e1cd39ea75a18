#pragma once
#include "messages/fault.hpp"

#include <cstddef>
#include <string>
#include <string_view>

/// multipart/mixed, read piece by piece as it arrives, and what we write of it. Nothing holds a whole part.
/// Sources: RFC 2046, 5.1; server-server-api, "GET /_matrix/federation/v1/media/download/{mediaId}".
namespace causeway::matrix {

/// Headers of a part that mean something to us; empty: absent. At most `multipart_header_bytes_max` all together.
struct part_headers {
  std::string content_type, content_disposition, location;
};
inline constexpr std::size_t multipart_header_bytes_max = 16 * 1024;
/// Text before the first part and after the last, bytes each.
inline constexpr std::size_t multipart_padding_bytes_max = 4 * 1024;
/// Length of a boundary, bytes (RFC 2046).
inline constexpr std::size_t boundary_bytes_max = 70;

/// Is told of parts, numbered from 0. A fault ends the reading; `feed` returns it.
class part_listener {
public:
  virtual ~part_listener() = default;
  virtual status on_part(std::size_t number, const part_headers& headers) = 0;
  /// Never empty; as much as is known to belong to the part.
  virtual status on_part_bytes(std::size_t number, std::string_view bytes) = 0;
};

class multipart_reader {
public:
  /// @param boundary  of the Content-Type; see `boundary_of`
  /// @pre `listener` outlives this object
  multipart_reader(std::string_view boundary, part_listener& listener);

  /// @returns fault peer_bad_answer (what is wrong with the framing), or the listener's. Do not feed on after a fault.
  status feed(std::string_view bytes);
  /// The body ended. @returns fault peer_bad_answer when the closing delimiter was not there.
  status finish() const;
  /// Parts that have begun.
  std::size_t parts() const { return parts_; }

private:
  enum class phase { preamble, delimiter, headers, body, epilogue };
  status until_delimiter();
  status read_delimiter();
  status read_headers();
  status pass_on(std::size_t bytes);

  const std::string delimiter_; ///< CRLF, two dashes, boundary
  part_listener& listener_;
  phase phase_ = phase::preamble;
  std::string held_; ///< what may still turn out to be a delimiter or header
  std::size_t parts_ = 0;
  std::size_t padding_ = 0; ///< bytes before the first part or after the last
  bool stuck_ = false;      ///< nothing to be done before more arrives
};

/// The boundary of a `multipart/mixed` Content-Type; empty for anything else.
std::string boundary_of(std::string_view content_type);

/// What comes before the file in the body of a download, and behind it.
struct multipart_frame {
  std::string content_type, head, tail;
};
/// @param boundary  that does not occur in the file; a random one
multipart_frame frame_download(std::string_view boundary, std::string_view media_type, std::string_view disposition);

} // namespace causeway::matrix
