#include "messages/matrix/multipart.hpp"

#include "messages/matrix/media.hpp"

#include <algorithm>

namespace causeway::matrix {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view head_end = "\r\n\r\n";

fault broken(const char* what) { return {fault_code::peer_bad_answer, std::string{"multipart: "} + what}; }

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t"), last = text.find_last_not_of(" \t");
  return first == text.npos ? std::string_view{} : text.substr(first, last - first + 1);
}

bool same_name(std::string_view a, std::string_view lower) {
  return a.size() == lower.size() && std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x) == y;
         });
}

} // namespace

multipart_reader::multipart_reader(std::string_view boundary, part_listener& listener)
    : delimiter_("\r\n--" + std::string{boundary}), listener_(listener), held_(line_end) {
} // the first delimiter has no line before it

status multipart_reader::feed(std::string_view bytes) {
  held_ += bytes;
  stuck_ = false;
  while (!stuck_) {
    status fine = ok();
    switch (phase_) {
    case phase::preamble:
    case phase::body: fine = until_delimiter(); break;
    case phase::delimiter: fine = read_delimiter(); break;
    case phase::headers: fine = read_headers(); break;
    case phase::epilogue:
      fine = pass_on(held_.size());
      stuck_ = true;
      break;
    }
    if (!fine) return fine;
  }
  return ok();
}

status multipart_reader::finish() const {
  if (phase_ != phase::epilogue) return broken("it ends before its closing delimiter");
  return ok();
}

status multipart_reader::pass_on(std::size_t bytes) {
  if (bytes == 0) return ok();
  if (phase_ == phase::body) {
    if (auto fine = listener_.on_part_bytes(parts_ - 1, std::string_view{held_}.substr(0, bytes)); !fine) return fine;
  } else {
    padding_ += bytes;
    if (padding_ > multipart_padding_bytes_max) return broken("there is too much text outside of its parts");
  }
  held_.erase(0, bytes);
  return ok();
}

status multipart_reader::until_delimiter() {
  const auto at = held_.find(delimiter_);
  if (at != held_.npos) {
    if (auto fine = pass_on(at); !fine) return fine;
    held_.erase(0, delimiter_.size());
    phase_ = phase::delimiter;
    return ok();
  }
  stuck_ = true;
  // The end may be the beginning of a delimiter; a delimiter has its only CR in front.
  const auto tail = held_.size() < delimiter_.size() ? 0 : held_.size() - delimiter_.size() + 1;
  const auto possible = held_.find('\r', tail);
  return pass_on(possible == held_.npos ? held_.size() : possible);
}

status multipart_reader::read_delimiter() {
  if (held_.size() < 2) {
    stuck_ = true;
    return ok();
  }
  if (held_.starts_with("--")) {
    held_.erase(0, 2);
    phase_ = phase::epilogue;
    padding_ = 0;
    return ok();
  }
  const auto text = held_.find_first_not_of(" \t");
  if ((text == held_.npos ? held_.size() : text) > multipart_padding_bytes_max)
    return broken("the line of a delimiter does not end");
  if (text == held_.npos || (held_[text] == '\r' && text + 1 == held_.size())) {
    stuck_ = true;
    return ok();
  }
  if (held_.compare(text, 2, line_end) != 0) return broken("a delimiter is followed by something else");
  held_.erase(0, text); // with the line end: a part without headers begins with two of them
  phase_ = phase::headers;
  return ok();
}

status multipart_reader::read_headers() {
  const auto end = held_.find(head_end);
  if (end == held_.npos ? held_.size() > multipart_header_bytes_max + head_end.size()
                        : end > multipart_header_bytes_max)
    return broken("the headers of a part are too long");
  if (end == held_.npos) {
    stuck_ = true;
    return ok();
  }
  part_headers found;
  std::string_view rest{held_.data(), end};
  while (!rest.empty()) {
    rest.remove_prefix(line_end.size());
    const auto line = rest.substr(0, std::min(rest.find(line_end), rest.size()));
    rest.remove_prefix(line.size());
    const auto colon = line.find(':');
    if (colon == line.npos || colon == 0) return broken("a header of a part has no name");
    const auto name = line.substr(0, colon);
    for (const auto& [wanted, to] : {std::pair<std::string_view, std::string*>{"content-type", &found.content_type},
                                     {"content-disposition", &found.content_disposition},
                                     {"location", &found.location}})
      if (same_name(name, wanted) && to->empty()) *to = trimmed(line.substr(colon + 1));
  }
  held_.erase(0, end + head_end.size());
  phase_ = phase::body;
  return listener_.on_part(parts_++, found);
}

std::string boundary_of(std::string_view content_type) {
  const auto parsed = parse_media_type(content_type);
  if (!parsed || parsed->first != "multipart/mixed") return {};
  const auto* boundary = parsed->find("boundary");
  if (!boundary || boundary->size() > boundary_bytes_max || boundary->find_first_of("\r\n") != std::string::npos)
    return {};
  return *boundary;
}

multipart_frame frame_download(std::string_view boundary, std::string_view media_type, std::string_view disposition) {
  multipart_frame out;
  out.content_type.append("multipart/mixed; boundary=").append(boundary);
  out.head.append("--").append(boundary).append("\r\nContent-Type: application/json\r\n\r\n{}");
  out.head.append("\r\n--").append(boundary).append("\r\nContent-Type: ").append(media_type);
  out.head.append("\r\nContent-Disposition: ").append(disposition).append("\r\n\r\n");
  out.tail.append("\r\n--").append(boundary).append("--\r\n");
  return out;
}

} // namespace causeway::matrix
