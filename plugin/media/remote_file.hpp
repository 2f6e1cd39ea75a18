#pragma once
#include "messages/fault.hpp"
#include "messages/matrix/multipart.hpp"
#include "messages/remote_server.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace causeway::media {

/// How a file of another server is had, as a machine without hands: it is told what came and says what to ask next.
/// First GET /_matrix/federation/v1/media/download; its body names the bytes or a Location, which is followed once; a
/// server that does not know the endpoint is asked at /_matrix/media/v3/download. Spec: server-server-api, "Content
/// Repository".
class remote_file final : private matrix::part_listener {
public:
  using sink = std::function<status(std::string_view bytes)>;
  /// @param bytes_max  of the file
  /// @param bytes_of_file  takes the file from its beginning to its end
  remote_file(std::uint64_t bytes_max, sink bytes_of_file);
  remote_file(const remote_file&) = delete;
  remote_file& operator=(const remote_file&) = delete;

  /// Part of a 200's body. @param content_type, content_disposition  headers of the response; with the first part
  /// @returns the fault that ends all; nothing more is wanted then
  status on_piece(std::string_view bytes, std::string_view content_type, std::string_view content_disposition);

  struct ask_location {
    std::string url; ///< https
  };
  struct ask_old_endpoint {};
  struct complete {
    std::string content_type, file_name;
    std::uint64_t bytes = 0;
  };
  using next = std::variant<ask_location, ask_old_endpoint, complete, fault>;
  /// The response ended. @param status  HTTP; 0: see `why`
  next on_answer(int status, const std::string& errcode, const fault& why);

private:
  status on_part(std::size_t number, const matrix::part_headers& headers) override;
  status on_part_bytes(std::size_t number, std::string_view bytes) override;
  status take(std::string_view bytes);
  next finish_multipart();

  enum class phase { download, location, old_endpoint };
  const std::uint64_t bytes_max_;
  sink sink_;
  phase phase_ = phase::download;
  std::optional<matrix::multipart_reader> reader_;
  std::optional<fault> broken_;
  std::string metadata_; ///< the first part
  std::string location_;
  complete found_;
};

} // namespace causeway::media
