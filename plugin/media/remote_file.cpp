#include "plugin/media/remote_file.hpp"

#include "messages/matrix/json.hpp"
#include "messages/matrix/media.hpp"

namespace causeway::media {
namespace {

constexpr std::size_t metadata_bytes_max = 64 * 1024;
constexpr std::size_t location_bytes_max = 4 * 1024;
/// Body of a part that is but a Location: nobody reads it.
constexpr std::uint64_t location_body_bytes_max = 64 * 1024;

fault broken(const std::string& what) { return {fault_code::peer_bad_answer, "media: " + what}; }

/// What the asker makes of a refusal.
fault refusal(int status, const std::string& errcode, const fault& why) {
  if (status == 0) return why;
  if (errcode == "M_NOT_YET_UPLOADED") return {fault_code::not_yet_uploaded, why.detail};
  if (errcode == "M_TOO_LARGE") return {fault_code::too_large, why.detail};
  if (status == 404 && why.code != fault_code::peer_bad_answer) return {fault_code::not_found, why.detail};
  if (why.code != fault_code::none) return why;
  return {fault_code::peer_refused, "the answer is " + std::to_string(status)};
}

} // namespace

remote_file::remote_file(std::uint64_t bytes_max, sink bytes_of_file)
    : bytes_max_(bytes_max), sink_(std::move(bytes_of_file)) {}

status remote_file::on_piece(std::string_view bytes, std::string_view content_type,
                             std::string_view content_disposition) {
  if (broken_) return *broken_;
  status fine = ok();
  if (phase_ != phase::download) {
    if (found_.content_type.empty()) {
      found_.content_type = matrix::served_media_type(content_type);
      found_.file_name = matrix::file_name_of(content_disposition);
    }
    fine = take(bytes);
  } else {
    if (!reader_) {
      const auto boundary = matrix::boundary_of(content_type);
      if (boundary.empty()) fine = broken("the answer is no multipart/mixed with a boundary");
      else reader_.emplace(boundary, static_cast<matrix::part_listener&>(*this));
    }
    if (reader_) fine = reader_->feed(bytes);
  }
  if (!fine) broken_ = fine.error();
  return fine;
}

status remote_file::take(std::string_view bytes) {
  found_.bytes += bytes.size();
  if (found_.bytes > bytes_max_)
    return {fault_code::too_large, "the file is over " + std::to_string(bytes_max_) + " bytes"};
  return sink_(bytes);
}

status remote_file::on_part(std::size_t number, const matrix::part_headers& headers) {
  if (number > 1) return broken("there is a third part");
  if (number == 0) return ok();
  if (!headers.location.empty()) {
    if (headers.location.size() > location_bytes_max || !headers.location.starts_with("https://"))
      return broken("the Location is no https URL");
    location_ = headers.location;
  }
  found_.content_type = matrix::served_media_type(headers.content_type);
  found_.file_name = matrix::file_name_of(headers.content_disposition);
  return ok();
}

status remote_file::on_part_bytes(std::size_t number, std::string_view bytes) {
  if (number == 0) {
    if (metadata_.size() + bytes.size() > metadata_bytes_max) return broken("the first part is too long");
    metadata_ += bytes;
    return ok();
  }
  if (location_.empty()) return take(bytes);
  found_.bytes += bytes.size();
  if (found_.bytes > location_body_bytes_max) return broken("there is a body beside the Location");
  return ok();
}

remote_file::next remote_file::on_answer(int status, const std::string& errcode, const fault& why) {
  if (broken_) return *broken_;
  if (status != 200) {
    if (phase_ == phase::download && status == 404 && errcode == "M_UNRECOGNIZED") {
      phase_ = phase::old_endpoint;
      return ask_old_endpoint{};
    }
    return refusal(status, errcode, why);
  }
  if (phase_ == phase::download) return finish_multipart();
  if (found_.content_type.empty()) found_.content_type = matrix::served_media_type({}); // an empty file
  return found_;
}

remote_file::next remote_file::finish_multipart() {
  if (!reader_) return broken("the answer is empty");
  if (auto fine = reader_->finish(); !fine) return fine.error();
  if (reader_->parts() != 2) return broken("there are not two parts");
  const auto metadata = matrix::json::parse(metadata_);
  if (!metadata || !metadata->as_object()) return broken("the first part is no JSON object");
  if (location_.empty()) return found_;
  phase_ = phase::location;
  found_ = {};
  return ask_location{std::move(location_)};
}

} // namespace causeway::media
